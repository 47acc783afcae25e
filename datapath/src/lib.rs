//! The kernel Open vSwitch datapath and its memory twin
