//! From an error to the line on standard error and the exit status.

use std::io;
use std::process::ExitCode;

use agent::StartError;

/// Wrong usage or configuration.
const USAGE: u8 = 2;
/// Something that is needed is not there, or is taken (`EX_UNAVAILABLE`).
const UNAVAILABLE: u8 = 69;
/// A directory or store cannot be used (`EX_CANTCREAT`).
const STORE: u8 = 73;
/// No privilege (`EX_NOPERM`).
const NO_PRIVILEGE: u8 = 77;
/// Anything else.
const FAILED: u8 = 1;

/// An error in what the user gave.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub(crate) struct Usage(pub anyhow::Error);

/// Says what went wrong, with every cause, and how the process ends.
pub(crate) fn code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("midspan: {}", message(&error));
    ExitCode::from(error.chain().find_map(status_of).unwrap_or(FAILED))
}

/// Every cause, except those that the one before has told already.
fn message(error: &anyhow::Error) -> String {
    error.chain().skip(1).fold(error.to_string(), |told, cause| match cause.to_string() {
        cause if told.contains(&cause) => told,
        cause => format!("{told}: {cause}"),
    })
}

/// The exit status that an error in the chain of causes stands for, if it stands for one.
fn status_of(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if cause.is::<Usage>() {
        Some(USAGE)
    } else if cause.is::<agent::StateDirError>() {
        Some(STORE)
    } else if let Some(error) = cause.downcast_ref::<agent::Error>() {
        Some(of_agent(error))
    } else if let Some(error) = cause.downcast_ref::<nsdb::Error>() {
        Some(of_nsdb(error))
    } else if let Some(error) = cause.downcast_ref::<nsdb::coordinator::Error>() {
        Some(of_coordinator(error))
    } else if let Some(error) = cause.downcast_ref::<datapath::Error>() {
        Some(of_datapath(error))
    } else {
        cause.downcast_ref::<io::Error>().and_then(of_io)
    }
}

fn of_agent(error: &agent::Error) -> u8 {
    match error {
        agent::Error::HostId(_) | agent::Error::Metrics { .. } => UNAVAILABLE,
        agent::Error::Nsdb(error) => of_nsdb(error),
        agent::Error::Coordinator(error) => of_coordinator(error),
        agent::Error::Datapath(error)
        | agent::Error::Lost(error)
        | agent::Error::Start(StartError::Datapath(error)) => of_datapath(error),
        agent::Error::Start(StartError::Thread(error)) => of_io(error).unwrap_or(UNAVAILABLE),
        agent::Error::System { source, .. } => of_io(source).unwrap_or(FAILED),
    }
}

fn of_nsdb(error: &nsdb::Error) -> u8 {
    match error {
        nsdb::Error::Coordinator(error) => of_coordinator(error),
        nsdb::Error::Malformed { .. } => STORE,
        nsdb::Error::Compacted { .. } => FAILED,
    }
}

fn of_coordinator(error: &nsdb::coordinator::Error) -> u8 {
    use nsdb::coordinator::Error;
    match error {
        Error::Corrupt { .. } | Error::Full { .. } | Error::InUse { .. } | Error::Storage { .. } => STORE,
        Error::Address { .. } => USAGE,
        _ => UNAVAILABLE,
    }
}

fn of_datapath(error: &datapath::Error) -> u8 {
    match error {
        datapath::Error::NoPrivilege { .. } => NO_PRIVILEGE,
        _ => UNAVAILABLE,
    }
}

fn of_io(error: &io::Error) -> Option<u8> {
    match error.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable => Some(UNAVAILABLE),
        io::ErrorKind::PermissionDenied => Some(NO_PRIVILEGE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(error: impl Into<anyhow::Error>) -> Option<u8> {
        error.into().context("what was being done").chain().find_map(status_of)
    }

    #[test]
    fn a_missing_kernel_module_is_something_unavailable() {
        assert_eq!(status(agent::Error::Datapath(datapath::Error::NoModule)), Some(UNAVAILABLE));
    }

    #[test]
    fn a_missing_privilege_has_a_status_of_its_own_however_deep_it_lies() {
        let refused = || datapath::Error::NoPrivilege { action: "create a datapath" };
        assert_eq!(status(refused()), Some(NO_PRIVILEGE));
        assert_eq!(status(agent::Error::Start(StartError::Datapath(refused()))), Some(NO_PRIVILEGE));
    }

    #[test]
    fn a_damaged_store_is_told_from_a_store_out_of_reach() {
        use nsdb::coordinator::Error;
        let damaged = Error::Corrupt { path: "/s/nsdb".into(), reason: "x".into() };
        assert_eq!(status(nsdb::Error::from(damaged)), Some(STORE));
        let away = Error::Unavailable { endpoint: "zk".into(), reason: "x".into() };
        assert_eq!(status(agent::Error::Coordinator(away)), Some(UNAVAILABLE));
    }

    #[test]
    fn a_cause_that_is_told_already_is_not_told_twice() {
        let cause = io::Error::from(io::ErrorKind::PermissionDenied);
        let told = format!("cannot create x: {cause}");
        assert_eq!(message(&anyhow::Error::new(cause).context(told.clone())), told);
    }

    #[test]
    fn wrong_configuration_is_wrong_usage() {
        assert_eq!(status(Usage(anyhow::anyhow!("no such key"))), Some(USAGE));
    }
}
