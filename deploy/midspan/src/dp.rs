//! `midspan dp`: looks at, and edits, the datapaths of this network namespace. Leaves their features and upcalls alone.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use datapath::dpctl::{self, Detail, Inspector};
use datapath::{DpPort, PortKind, PortSpec, Ufid};

/// What to do with which datapath.
#[derive(Args, Debug)]
pub(crate) struct DpArgs {
    #[command(subcommand)]
    command: Command,
}

/// Where `DP` may be left out, it is the only datapath there is.
#[derive(Subcommand, Debug)]
enum Command {
    /// List the datapaths
    DumpDps,
    /// Show counters and ports
    Show {
        /// Show the counters of each port too
        #[arg(short, long)]
        statistics: bool,
        /// Datapath; all of them if left out
        dp: Option<String>,
    },
    /// List the flows with their counters
    DumpFlows {
        /// Show the flow identifiers too
        #[arg(short, long)]
        more: bool,
        /// Datapath
        dp: Option<String>,
    },
    /// Show one flow
    GetFlow {
        /// Datapath
        dp: String,
        /// Flow identifier, as in `dump-flows -m`
        ufid: Ufid,
    },
    /// Delete one flow
    DelFlow {
        /// Datapath
        dp: String,
        /// Flow identifier, as in `dump-flows -m`
        ufid: Ufid,
    },
    /// Delete all flows
    DelFlows {
        /// Datapath
        dp: Option<String>,
    },
    /// Make a datapath
    AddDp {
        /// Its name, which is that of its local interface too
        dp: String,
        /// Interfaces to add, as for add-if
        #[arg(value_parser = port_spec)]
        interfaces: Vec<PortSpec>,
    },
    /// Delete a datapath with its ports and flows
    DelDp {
        /// Datapath
        dp: String,
    },
    /// Add interfaces as ports
    AddIf {
        /// Datapath
        dp: String,
        #[arg(required = true, value_parser = port_spec, help = "NAME[,type=system|internal][,port_no=N]")]
        interfaces: Vec<PortSpec>,
    },
    /// Remove ports
    DelIf {
        /// Datapath
        dp: String,
        /// Interface names
        #[arg(required = true)]
        interfaces: Vec<String>,
    },
}

/// Does what was asked, printing to standard output.
pub(crate) fn run(args: DpArgs) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match args.command {
        Command::DumpDps => {
            for name in dpctl::datapaths()? {
                writeln!(out, "system@{name}")?;
            }
        }
        Command::Show { statistics, dp } => {
            let detail = if statistics { Detail::More } else { Detail::Less };
            let names = match dp {
                Some(name) => vec![name],
                None => dpctl::datapaths()?,
            };
            for name in names {
                write!(out, "{}", Inspector::open(&name)?.show(detail)?)?;
            }
        }
        Command::DumpFlows { more, dp } => {
            let detail = if more { Detail::More } else { Detail::Less };
            let mut written = Ok(());
            open(dp)?.dump_flows(detail, &mut |line| {
                if written.is_ok() {
                    written = writeln!(out, "{line}");
                }
            })?;
            written?;
        }
        Command::GetFlow { dp, ufid } => match Inspector::open(&dp)?.get_flow(ufid)? {
            Some(line) => writeln!(out, "{line}")?,
            None => bail!("no flow {ufid} in datapath `{dp}`"),
        },
        Command::DelFlow { dp, ufid } => {
            if !Inspector::open(&dp)?.delete_flow(ufid)? {
                bail!("no flow {ufid} in datapath `{dp}`");
            }
        }
        Command::DelFlows { dp } => open(dp)?.delete_flows()?,
        Command::AddDp { dp, interfaces } => {
            dpctl::add_datapath(&dp)?;
            add_ports(&dp, &interfaces)?;
        }
        Command::DelDp { dp } => dpctl::delete_datapath(&dp)?,
        Command::AddIf { dp, interfaces } => add_ports(&dp, &interfaces)?,
        Command::DelIf { dp, interfaces } => {
            let inspector = Inspector::open(&dp)?;
            for name in interfaces {
                inspector.delete_port(&name).with_context(|| format!("del-if {name}"))?;
            }
        }
    }
    Ok(())
}

fn add_ports(dp: &str, interfaces: &[PortSpec]) -> anyhow::Result<()> {
    let inspector = Inspector::open(dp)?;
    for spec in interfaces {
        inspector.add_port(spec).with_context(|| format!("add-if {}", spec.name))?;
    }
    Ok(())
}

/// The named datapath, or the only one.
fn open(dp: Option<String>) -> anyhow::Result<Inspector> {
    let name = match dp {
        Some(name) => name,
        None => match &dpctl::datapaths()?[..] {
            [only] => only.clone(),
            [] => bail!("there is no datapath in this network namespace"),
            several => bail!("there are {} datapaths: name one of {}", several.len(), several.join(", ")),
        },
    };
    Ok(Inspector::open(&name)?)
}

/// Reads `NAME[,type=system|internal][,port_no=N]`.
fn port_spec(text: &str) -> Result<PortSpec, String> {
    let mut parts = text.split(',');
    let mut spec = PortSpec::netdev(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('=') {
            Some(("type", "system")) => spec.kind = PortKind::Netdev,
            Some(("type", "internal")) => spec.kind = PortKind::Internal,
            Some(("port_no", number)) => {
                let number = number.parse().map_err(|_| format!("port_no `{number}`: use 1 to 65534"))?;
                spec.desired_no = Some(DpPort(number));
            }
            _ => return Err(format!("`{part}`: use type=system, type=internal or port_no=N")),
        }
    }
    Ok(spec)
}
