//! The hypervisor agent: where the pure cores meet I/O
