//! Tunnel zones, peers, tunnel keys, encapsulation arithmetic
