//! Runs commands side by side. The output of each is shown whole when the command has ended, and none
//! outlives an interrupted task.

use crate::command::{self, GRACE};
use anyhow::{Context, Result, ensure};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many commands run at once. Much of a test is waiting, and the machine may have only two cores.
const LANES: usize = 3;

/// A command, and its name in messages.
pub struct Job {
    pub name: String,
    pub command: Command,
}

/// Where commands run.
pub struct Lanes {
    /// The folder for the commands' output; [`None`] shows the output at once.
    folder: Option<PathBuf>,
    interrupted: Arc<AtomicBool>,
}

impl Lanes {
    /// From now on Ctrl-C stops what runs. `captures` keeps output in files in this folder until a command
    /// ends, so that the outputs of two are not mixed.
    pub fn new(folder: &Path, captures: bool) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
            .context("Ctrl-C cannot be caught")?;
        Ok(Self {
            folder: captures.then(|| folder.into()),
            interrupted,
        })
    }

    /// Runs all commands, which start in this order, and returns the names of those that failed.
    pub fn run(&self, jobs: Vec<Job>) -> Result<Vec<String>> {
        let waiting = Mutex::new(VecDeque::from(jobs));
        let failed = Mutex::new(Vec::new());
        let lane = || {
            while !self.interrupted() {
                let next = lock(&waiting).pop_front();
                let Some(job) = next else { break };
                let name = job.name.clone();
                let passed = self.run_one(job).unwrap_or_else(|error| {
                    eprintln!("{name}: {error:#}");
                    false
                });
                if !passed {
                    lock(&failed).push(name);
                }
            }
        };
        thread::scope(|scope| {
            for _ in 0..LANES {
                scope.spawn(lane);
            }
        });
        ensure!(!self.interrupted(), "interrupted");
        Ok(failed.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a command, shows what came of it, and returns whether it succeeded.
    fn run_one(&self, Job { name, mut command }: Job) -> Result<bool> {
        let started = Instant::now();
        let captured = self
            .folder
            .as_ref()
            .map(|at| at.join(format!("{name}.log")));
        if let Some(path) = &captured {
            println!("{name}: started");
            let file = File::create(path).with_context(|| path.display().to_string())?;
            command.stdout(file.try_clone()?).stderr(file);
        }
        let mut group = Group::start(command.stdin(Stdio::null()))?;
        let ended = loop {
            if self.interrupted() {
                break None;
            }
            if let Some(status) = group.0.try_wait()? {
                break Some(status);
            }
            thread::sleep(Duration::from_millis(50));
        };
        drop(group);
        let seconds = started.elapsed().as_secs_f64();
        let outcome = match ended {
            Some(status) if status.success() => "passed".to_owned(),
            Some(status) => format!("failed ({status})"),
            None => "interrupted".to_owned(),
        };
        let output = captured.map(fs::read).transpose()?.unwrap_or_default();
        let mut stdout = std::io::stdout().lock();
        if self.folder.is_some() {
            writeln!(stdout, "\n== {name}")?;
        }
        stdout.write_all(&output)?;
        writeln!(stdout, "{name}: {outcome} after {seconds:.0} s")?;
        Ok(ended.is_some_and(|status| status.success()))
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command and what it started, all of which has ended when this is dropped.
struct Group(Child);

impl Group {
    fn start(command: &mut Command) -> Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command
            .spawn()
            .map_err(|error| command::not_run(command, &error))?;
        Ok(Self(child))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(id) = rustix::process::Pid::from_raw(self.0.id().cast_signed()) {
            use rustix::process::{Signal, kill_process_group, test_kill_process_group};
            // SIGTERM lets tests stop the browsers, which are in groups of their own.
            let _ = kill_process_group(id, Signal::TERM);
            let asked = Instant::now();
            while asked.elapsed() < GRACE {
                // Until it is waited for, a process that has ended belongs to its group.
                let _ = self.0.try_wait();
                if test_kill_process_group(id).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(10));
            }
            let _ = kill_process_group(id, Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
