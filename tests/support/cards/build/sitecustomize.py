"""Lets smartcard-app-openpgp be built: its setup.py takes a parser from configparser that Python 3.12 does not have."""

import configparser

if not hasattr(configparser, "SafeConfigParser"):

    class SafeConfigParser(configparser.ConfigParser):
        """As it was until Python 3.11."""

        def readfp(self, file):
            self.read_file(file)

    configparser.SafeConfigParser = SafeConfigParser
