//! From an error to the line on standard error and the exit status.

use std::process::ExitCode;

use nsdb::coordinator::Error as CoordinatorError;

/// Wrong usage or configuration.
pub(crate) const USAGE: u8 = 2;
/// Something that is needed is not there (`EX_UNAVAILABLE`).
const UNAVAILABLE: u8 = 69;
/// A directory or store cannot be used (`EX_CANTCREAT`).
const STORE: u8 = 73;
/// No privilege (`EX_NOPERM`).
const NO_PRIVILEGE: u8 = 77;

/// An error in what the user gave.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub(crate) struct Usage(pub anyhow::Error);

/// Says what went wrong, with every cause, and how the process ends.
pub(crate) fn code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    eprintln!("midspan: {error:#}");
    ExitCode::from(error.chain().find_map(status_of).unwrap_or(1))
}

fn status_of(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if cause.is::<Usage>() {
        return Some(USAGE);
    }
    if cause.is::<agent::StateDirError>() {
        return Some(STORE);
    }
    if let Some(error) = cause.downcast_ref::<datapath::Error>() {
        return Some(match error {
            datapath::Error::NoPrivilege { .. } => NO_PRIVILEGE,
            _ => UNAVAILABLE,
        });
    }
    if let Some(error) = cause.downcast_ref::<CoordinatorError>() {
        return Some(match error {
            CoordinatorError::Corrupt { .. }
            | CoordinatorError::Full { .. }
            | CoordinatorError::InUse { .. } => STORE,
            _ => UNAVAILABLE,
        });
    }
    if let Some(error) = cause.downcast_ref::<std::io::Error>() {
        return match error.kind() {
            std::io::ErrorKind::AddrInUse | std::io::ErrorKind::AddrNotAvailable => Some(UNAVAILABLE),
            std::io::ErrorKind::PermissionDenied => Some(NO_PRIVILEGE),
            _ => None,
        };
    }
    None
}
