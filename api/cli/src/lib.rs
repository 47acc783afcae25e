//! The interactive command line of the REST API
