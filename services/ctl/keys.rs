//! `keys …`: the keys of personal data, offline on a data folder whose server is stopped. What is printed are ids and counts,
//! never a key.

use super::lang::{Lang, Say};
use super::output::Report;
use super::trouble::Trouble;
use crate::domain::sealed::KeyId;
use crate::domain::{Entity, Event, PersonEvent};
use crate::journal::codec;
use crate::keys::{KeyStore, KeysError, MasterKey, backup, path_of};
use crate::log::{EventLog as _, SledLog, SledOptions};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Bytes of the log that are read at a time.
const READ_BYTES: usize = 1 << 20;

/// Keys of personal data.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a new master key in a file that must not be there yet, readable by its owner alone.
    New {
        /// The file.
        file: PathBuf,
    },
    /// Whose keys there are, and which were erased; no key is shown.
    List(Place),
    /// Wrap all keys by another master key; the old one, and every backup made under it, is of no use from then on.
    Rotate {
        /// Which keys.
        #[command(flatten)]
        place: Place,
        /// File of the new master key.
        #[arg(long, value_name = "FILE")]
        new_master_key: PathBuf,
    },
    /// Write a backup, enciphered under the master key, which names the day from which on it is refused.
    Backup {
        /// The file; it must not be there yet.
        file: PathBuf,
        /// Which keys.
        #[command(flatten)]
        place: Place,
        /// Days until it expires, 1 to 90.
        #[arg(long, default_value_t = backup::DAYS, value_parser = clap::value_parser!(u16).range(1..=i64::from(backup::DAYS_MAX)))]
        days: u16,
    },
    /// Bring back the keys of a backup that has not expired; what the store or the log holds as erased stays erased.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Which keys.
        #[command(flatten)]
        place: Place,
    },
}

/// Where keys lie.
#[derive(Debug, Args)]
pub struct Place {
    /// The data folder; no server has it open.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// File of the master key.
    #[arg(long, value_name = "FILE", env = "INCUBATORD_MASTER_KEY")]
    pub master_key: PathBuf,
}

impl From<KeysError> for Trouble {
    fn from(error: KeysError) -> Self {
        let mut english = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            english = format!("{english}: {source}");
        }
        let chinese = match &error {
            KeysError::Master { .. } => "主密钥文件无法使用",
            KeysError::OtherMaster { .. } => "不是封装这些密钥的主密钥",
            KeysError::OtherLog { .. } => "密钥属于另一份日志",
            KeysError::Damaged { .. } => "密钥文件已损坏",
            KeysError::Exposed { .. } => "文件或目录对他人开放，应仅属主可读",
            KeysError::Busy { .. } => "密钥文件正被另一进程使用，请先停止服务器",
            KeysError::Io { .. } => "文件操作失败",
            KeysError::Erased(_) => "密钥已清除",
            KeysError::Missing { .. } => "缺少密钥",
            KeysError::Seal { .. } => "密封字段无法打开",
            KeysError::Expired { .. } => "备份已失效",
            KeysError::Term => "备份的有效期为1至90天",
        };
        Self::Said(Say::new(format!("{chinese}（{english}）"), english))
    }
}

/// Runs it.
pub async fn run(district: &str, command: KeysCommand, lang: Lang) -> Result<Report, Trouble> {
    let done = match command {
        KeysCommand::New { file } => {
            let master = MasterKey::make(&file)?;
            json!({ "master_key": master.id(), "file": file.display().to_string() })
        }
        KeysCommand::List(place) => {
            let (store, _) = open(district, &place).await?;
            let line = |(owner, id): (Entity, KeyId)| json!({ "owner": owner.to_string(), "key_id": id.to_string() });
            let keys: Vec<_> = store.owners().into_iter().map(line).collect();
            let erased: Vec<_> = store.erased().into_iter().map(line).collect();
            json!({ "keys": keys, "erased_keys": erased })
        }
        KeysCommand::Rotate { place, new_master_key } => {
            let (store, _) = open(district, &place).await?;
            let master = MasterKey::from_file(&new_master_key)?;
            let id = master.id();
            json!({ "keys": store.rotate(master)?, "master_key": id })
        }
        KeysCommand::Backup { file, place, days } => {
            let (store, _) = open(district, &place).await?;
            let expires = store.back_up(&file, Timestamp::now(), days)?;
            let keys = store.owners().len();
            json!({ "backup": file.display().to_string(), "keys": keys, "expires_time": expires.to_string() })
        }
        KeysCommand::Restore { file, place } => {
            let (store, erased) = open(district, &place).await?;
            let restored = store.restore(&file, Timestamp::now(), erased)?;
            json!({ "restored": restored.keys, "known": restored.known, "erased": restored.erased })
        }
    };
    Ok(Report::of(done, lang))
}

/// The store of a stopped server, set right by its log; and what that records as erased.
async fn open(district: &str, place: &Place) -> Result<(KeyStore, Vec<(Entity, KeyId)>), Trouble> {
    let master = MasterKey::from_file(&place.master_key)?;
    let (log_id, erased) = read(&place.data.join(district).join("log")).await?;
    let store = KeyStore::at(&path_of(&place.data, district), master, log_id)?;
    store.settle(erased.iter().cloned(), |_| false)?;
    Ok((store, erased))
}

/// The log's id, and every erasure that it records.
async fn read(dir: &Path) -> Result<([u8; 16], Vec<(Entity, KeyId)>), Trouble> {
    if !dir.is_dir() {
        let place = dir.display();
        return Err(Trouble::Said(Say::new(format!("没有日志目录 {place}"), format!("there is no log in {place}"))));
    }
    let log = SledLog::open_async(dir.to_owned(), SledOptions::default()).await?;
    let (mut log_id, mut erased, mut head) = (None, Vec::new(), crate::journal::Head::EMPTY);
    loop {
        let commits = log.read(head.position + 1, READ_BYTES).await?;
        if commits.is_empty() {
            break;
        }
        for commit in &commits {
            let records = commit.verify_after(&head).map_err(|fault| broken(dir, &fault.to_string()))?;
            for (record, _) in records.iter().filter(|(record, _)| matches!(record.event_type, 1 | 102)) {
                let decoded = codec::decode(record.event_type, record.schema_version, &record.payload);
                match decoded.map_err(|fault| broken(dir, &fault.to_string()))?.0 {
                    Event::LogCreated { log_id: id, .. } => log_id = Some(id),
                    Event::Person(PersonEvent::Erased { person, key, .. }) => {
                        erased.push((Entity::Person(person), key))
                    }
                    _ => {}
                }
            }
            head = commit.head();
        }
    }
    log.close().await?;
    let log_id = log_id.ok_or_else(|| broken(dir, "it is empty"))?;
    Ok((log_id, erased))
}

fn broken(dir: &Path, fault: &str) -> Trouble {
    let place = dir.display();
    Trouble::Said(Say::new(
        format!("日志 {place} 无法读取：{fault}"),
        format!("the log in {place} can't be read: {fault}"),
    ))
}
