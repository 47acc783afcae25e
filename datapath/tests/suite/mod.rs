//! What every datapath driver must do, as one suite: each function is one behaviour, run on a fresh datapath.
//!
//! A [`Fixture`] supplies the datapath and the cables of its ports. [`conformance`] turns the suite into tests.

#![allow(dead_code, unreachable_pub, reason = "a module shared by test targets")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

pub mod actions;
pub mod bench;
pub mod flows;
pub mod frames;
pub mod ports;
pub mod upcalls;

use datapath::Datapath;
use packet::DpPort;

/// A datapath with cables to its ports.
pub trait Fixture {
    /// The datapath under test.
    fn datapath(&self) -> &dyn Datapath;

    /// Adds a port with a cable whose far end the test holds.
    fn add_port(&mut self) -> DpPort;

    /// Sends a frame into the far end of the cable.
    fn inject(&mut self, port: DpPort, frame: &[u8]);

    /// Frames that came out of the far end of the cable since the last call, oldest first. Waits for `expected`
    /// frames, or a moment if that is zero.
    fn arrived(&mut self, port: DpPort, expected: usize) -> Vec<Vec<u8>>;

    /// Deletes the interface behind the port, without telling the datapath.
    fn vanish(&mut self, port: DpPort);

    /// Name of an interface that exists and is no port yet.
    fn spare_interface(&mut self) -> String;

    /// How many unread upcalls are certain to overrun a queue.
    fn too_many_upcalls(&self) -> usize;
}

/// Makes one `#[test]` of every behaviour; `$new` makes the fixture, the attributes in brackets go on each test.
#[macro_export]
macro_rules! conformance {
    (@one [$($attr:meta)?] $new:expr, $module:ident, $behaviour:ident) => {
        #[test]
        $(#[$attr])?
        fn $behaviour() {
            $crate::suite::$module::$behaviour(&mut $crate::suite::bench::Bench::new($new));
        }
    };
    ($attrs:tt $new:expr; $($module:ident :: { $($behaviour:ident),+ $(,)? };)+) => {
        $($($crate::conformance!(@one $attrs $new, $module, $behaviour);)+)+
    };
}

/// The list of behaviours, in one place for all drivers.
#[macro_export]
macro_rules! conformance_suite {
    ($attrs:tt $new:expr) => {
        $crate::conformance! {
            $attrs $new;
            upcalls::{
                miss_upcall_carries_key_and_packet, miss_upcall_of_tagged_packets, userspace_action_carries_its_cookie,
                upcalls_come_in_batches_and_in_order, an_overrun_is_counted_and_survived, a_source_is_given_out_once,
                waiting_for_upcalls_times_out, a_waker_ends_a_wait_from_another_thread,
            };
            flows::{
                an_exact_flow_forwards, wildcarded_bits_do_not_count, masks_are_prefixes_too, flows_of_several_masks_coexist,
                an_empty_action_list_drops, put_of_a_known_ufid_fails, put_of_a_covered_key_fails, modify_changes_actions,
                modify_returns_counters,
                modify_and_delete_of_unknown_flows_fail, delete_returns_counters, invalid_actions_are_refused,
                a_failure_does_not_stop_the_batch, thousands_of_flows_in_one_flush, dumps_return_what_was_put,
                dumps_count_packets_and_age, statistics_dumps_omit_the_rest, retain_deletes_what_is_refused, flush_deletes_all,
                counters_of_the_datapath,
            };
            actions::{
                outputs_are_copies_in_order, sets_rewrite_headers, sets_rewrite_ipv6_headers, vlan_tags_are_pushed_and_popped,
                ttl_is_decremented, a_spent_ttl_runs_the_exception, drops_are_silent, execute_runs_actions,
                execute_keeps_the_ingress_port_and_hash, execute_takes_batches, execute_refuses_invalid_actions,
            };
            ports::{
                the_local_port_is_there, ports_come_and_go, a_wished_number_is_honoured, a_name_is_taken_once,
                bad_names_are_refused, missing_interfaces_are_named, the_local_port_stays, events_tell_of_ports,
                a_vanished_interface_leaves_and_is_survived, ports_count_packets,
            };
        }
    };
}
