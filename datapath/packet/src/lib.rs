//! Packet headers, flow keys, masks and datapath actions.
