//! Taking over what is there, and errors that say what stands in the way.

use datapath::{Datapath, Error, KernelDatapath, PortSpec, dpctl};
use packet::{Action, FlowMask};

use crate::suite::Fixture;
use crate::suite::bench::Bench;
use crate::suite::frames::{self, frame};
use crate::{Kernel, run};

#[test]
#[ignore = "needs the kernel datapath"]
fn a_new_process_takes_over_ports_flows_and_upcalls() {
    let mut b = Bench::new(Kernel::new());
    let [from, to] = b.ports();
    let sent = frame(frames::UDP);
    let ufid = b.put_exact(from, &sent, &[Action::Output(to)]);
    b.inject(from, &sent);
    b.arrived(to, 1);
    let before = (b.dp().ports().unwrap().len(), b.the_flow());

    let successor = KernelDatapath::create_or_adopt(b.dp().name(), 3).unwrap();
    assert_eq!((successor.ports().unwrap().len(), b.the_flow().key), (before.0, before.1.key));
    b.inject(from, &sent);
    assert_eq!(b.arrived(to, 1), [sent], "established flows go on");
    assert_eq!(b.the_flow().ufid, Some(ufid));

    b.sources = (0..3).map(|worker| successor.upcall_source(worker).unwrap()).collect();
    b.inject(from, &frame(frames::TCP));
    assert_eq!(b.upcall().packet, frame(frames::TCP), "misses come to the successor");
    b.sources.clear();
}

#[test]
#[ignore = "needs the kernel datapath"]
fn a_busy_interface_is_named() {
    let mut fixture = Kernel::new();
    let name = fixture.spare_interface();
    let elsewhere = format!("other{}", fixture.id);
    dpctl::add_datapath(&elsewhere).unwrap();
    dpctl::Inspector::open(&elsewhere).unwrap().add_port(&PortSpec::netdev(&name)).unwrap();
    let busy = fixture.datapath().add_port(&PortSpec::netdev(&name));
    assert!(matches!(busy, Err(Error::DeviceBusy(ref n)) if *n == name), "{busy:?}");
    dpctl::delete_datapath(&elsewhere).unwrap();
    fixture.datapath().add_port(&PortSpec::netdev(&name)).unwrap();
}

#[test]
#[ignore = "needs the kernel datapath"]
fn an_unfit_interface_is_named() {
    let fixture = Kernel::new();
    let unfit = fixture.datapath().add_port(&PortSpec::netdev("lo"));
    assert!(matches!(unfit, Err(Error::DeviceUnfit(ref n)) if n == "lo"), "{unfit:?}");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn a_name_that_an_interface_has_is_refused() {
    run("ip link add occupied type dummy");
    let taken = KernelDatapath::create_or_adopt("occupied", 1).err();
    run("ip link del occupied");
    assert!(matches!(taken, Some(Error::NameTaken(ref n)) if n == "occupied"), "{taken:?}");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn datapaths_come_and_go() {
    dpctl::add_datapath("fleeting").unwrap();
    assert!(dpctl::datapaths().unwrap().contains(&"fleeting".to_owned()));
    let again = dpctl::add_datapath("fleeting");
    assert!(matches!(again, Err(Error::DatapathExists(_))), "{again:?}");
    KernelDatapath::delete("fleeting").unwrap();
    let gone = KernelDatapath::delete("fleeting");
    assert!(matches!(gone, Err(Error::NoSuchDatapath(_))), "{gone:?}");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn a_deleted_datapath_is_an_error_not_a_crash() {
    let mut b = Bench::new(Kernel::new());
    let [port] = b.ports();
    KernelDatapath::delete(b.dp().name()).unwrap();
    let ufid = b.flow_id();
    b.writer.put(ufid, &b.key(port, &frame(frames::UDP)), &FlowMask::exact(), &[]);
    assert_eq!(b.flush_error(), datapath::OpError::NoDevice);
    assert!(matches!(b.dp().stats(), Err(Error::NoSuchDatapath(_))));
    b.upcalls(0);
}

#[test]
#[ignore = "needs the kernel datapath"]
fn a_full_probe_finds_this_kernel_able() {
    let fixture = Kernel::new();
    let features = *fixture.datapath().features();
    assert!(features.ufid && features.set_masked && features.clone && features.ct, "{features}");
    assert!(features.dec_ttl && features.check_pkt_len && features.meter, "{features}");
    assert_eq!(fixture.datapath().stats().unwrap().flows, 0, "the probe leaves nothing");
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut version = release.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    let version = (version.next().unwrap(), version.next().unwrap());
    assert_eq!(features.drop_reason, version >= (6, 6), "{release}: {features}");
}
