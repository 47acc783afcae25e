//! The REST API of the virtual topology
