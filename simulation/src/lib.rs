//! The virtual devices: packet in, verdict out
