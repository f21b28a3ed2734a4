//! The list of operations, turned into types.

/// Makes of a list of operations, each with its name on the wire, the enum of the operations as
/// they travel, the enum of their names, and what leads from one to the other.
macro_rules! operations {
    ($($(#[$doc:meta])* $operation:ident = $name:literal,)+) => {
        /// Something that the master key can be asked to sign.
        #[derive(
            Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum Operation {
            $($(#[$doc])* #[serde(rename = $name)] $operation($operation),)+
        }

        /// The name of an operation, as policy files and the command line spell it.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum OperationName {
            $(#[doc = concat!("See [`Operation::", stringify!($operation), "`].")]
            #[serde(rename = $name)] $operation,)+
        }

        impl Operation {
            /// Which operation it is.
            pub fn name(&self) -> OperationName {
                match self {
                    $(Self::$operation(_) => OperationName::$operation,)+
                }
            }

            fn signable(&self) -> &dyn Signable {
                match self {
                    $(Self::$operation(operation) => operation,)+
                }
            }
        }

        impl OperationName {
            /// Every operation.
            pub const ALL: &[Self] = &[$(Self::$operation),+];

            /// The name as it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$operation => $name,)+
                }
            }

            /// The rules beside those that hold for every operation.
            pub fn rules(self) -> &'static [Rule] {
                match self {
                    $(Self::$operation => <$operation as Signable>::rules(),)+
                }
            }

            /// What such an operation, once signed, is in its object's history.
            pub fn kind(self, expires: Option<Timestamp>) -> Kind {
                match self {
                    $(Self::$operation => <$operation as Signable>::kind(expires),)+
                }
            }
        }
    };
}

pub(super) use operations;
