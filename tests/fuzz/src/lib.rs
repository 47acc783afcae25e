//! Fuzz bodies, one file a crate: plain functions of bytes that hold whatever the bytes are.

pub mod packet;
