//! Which Trussed backend serves which request of the card application.

use trussed::{
    backend::{Backend as _, BackendId},
    platform::Platform,
    serde_extensions::{ExtensionDispatch, ExtensionId, ExtensionImpl},
    service::ServiceResources,
    types,
};
use trussed_auth::AuthExtension;
use trussed_auth_backend::{AuthBackend, AuthContext, FilesystemLayout};
use trussed_chunked::ChunkedExtension;
use trussed_core::{
    Error,
    api::{Reply, Request, reply, request},
    types::Location,
};
use trussed_rsa_alloc::SoftwareRsa;
use trussed_staging::{StagingBackend, StagingContext};
use trussed_wrap_key_to_file::WrapKeyToFileExtension;

/// The first backend that knows a request serves it.
pub(crate) const BACKENDS: &[BackendId<Backend>] = &[
    BackendId::Custom(Backend::Staging),
    BackendId::Custom(Backend::Auth),
    BackendId::Custom(Backend::Rsa),
    BackendId::Core,
];

pub(crate) enum Backend {
    Staging,
    Auth,
    Rsa,
}

#[derive(Default)]
pub(crate) struct Context {
    staging: StagingContext,
    auth: AuthContext,
}

pub(crate) struct Dispatch {
    staging: StagingBackend,
    auth: AuthBackend,
}

impl Dispatch {
    pub(crate) fn new() -> Self {
        Self {
            staging: StagingBackend::new(),
            auth: AuthBackend::new(Location::Internal, FilesystemLayout::V1),
        }
    }
}

impl ExtensionDispatch for Dispatch {
    type BackendId = Backend;
    type Context = Context;
    type ExtensionId = Extension;

    fn core_request<P: Platform>(
        &mut self,
        backend: &Backend,
        ctx: &mut types::Context<Context>,
        request: &Request,
        resources: &mut ServiceResources<P>,
    ) -> Result<Reply, Error> {
        match backend {
            Backend::Staging => {
                self.staging.request(&mut ctx.core, &mut ctx.backends.staging, request, resources)
            }
            Backend::Auth => {
                self.auth.request(&mut ctx.core, &mut ctx.backends.auth, request, resources)
            }
            Backend::Rsa => SoftwareRsa.request(&mut ctx.core, &mut (), request, resources),
        }
    }

    fn extension_request<P: Platform>(
        &mut self,
        backend: &Backend,
        extension: &Extension,
        ctx: &mut types::Context<Context>,
        request: &request::SerdeExtension,
        resources: &mut ServiceResources<P>,
    ) -> Result<reply::SerdeExtension, Error> {
        let types::Context { core, backends, .. } = ctx;
        let Context { staging, auth } = backends;
        match (backend, extension) {
            (Backend::Staging, Extension::Chunked) => {
                ExtensionImpl::<ChunkedExtension>::extension_request_serialized(
                    &mut self.staging,
                    core,
                    staging,
                    request,
                    resources,
                )
            }
            (Backend::Staging, Extension::WrapKeyToFile) => {
                ExtensionImpl::<WrapKeyToFileExtension>::extension_request_serialized(
                    &mut self.staging,
                    core,
                    staging,
                    request,
                    resources,
                )
            }
            (Backend::Auth, Extension::Auth) => {
                ExtensionImpl::<AuthExtension>::extension_request_serialized(
                    &mut self.auth,
                    core,
                    auth,
                    request,
                    resources,
                )
            }
            (Backend::Staging, Extension::Auth)
            | (Backend::Auth, Extension::Chunked | Extension::WrapKeyToFile)
            | (Backend::Rsa, Extension::Chunked | Extension::WrapKeyToFile | Extension::Auth) => {
                Err(Error::RequestNotAvailable)
            }
        }
    }
}

/// The numbers under which client and service name the extensions to each other; never stored.
pub(crate) enum Extension {
    Chunked,
    WrapKeyToFile,
    Auth,
}

impl From<Extension> for u8 {
    fn from(extension: Extension) -> Self {
        match extension {
            Extension::Chunked => 0,
            Extension::WrapKeyToFile => 1,
            Extension::Auth => 2,
        }
    }
}

impl TryFrom<u8> for Extension {
    type Error = Error;

    fn try_from(id: u8) -> Result<Self, Error> {
        match id {
            0 => Ok(Self::Chunked),
            1 => Ok(Self::WrapKeyToFile),
            2 => Ok(Self::Auth),
            _ => Err(Error::FunctionNotSupported),
        }
    }
}

impl ExtensionId<ChunkedExtension> for Dispatch {
    type Id = Extension;
    const ID: Extension = Extension::Chunked;
}

impl ExtensionId<WrapKeyToFileExtension> for Dispatch {
    type Id = Extension;
    const ID: Extension = Extension::WrapKeyToFile;
}

impl ExtensionId<AuthExtension> for Dispatch {
    type Id = Extension;
    const ID: Extension = Extension::Auth;
}
