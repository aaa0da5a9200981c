//! The trees and the notes of the audit against what others publish: the roots of Certificate Transparency's reference tree,
//! a naive RFC 6962 written apart, a note of the Go project. tests/audit_go checks the same by Go's own code.

use incubator_registry::journal::heads::{self, EntityProof, Heads, Shown};
use incubator_registry::journal::merkle::{self, Tree, is_consistent, is_included};
use incubator_registry::journal::note::{Checkpoint, Note, NoteFault, PublicKey, SigningKey, origin};
use incubator_registry::journal::{Hash, Record, Subject, ZERO_HASH};

/// RFC 6962, 2.1, word for word.
fn naive(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => merkle::empty(),
        1 => leaves[0],
        n => {
            let k = n.next_power_of_two() / 2;
            merkle::parent(&naive(&leaves[..k]), &naive(&leaves[k..]))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| merkle::leaf(&number.to_be_bytes())).collect()
}

fn tree(leaves: &[Hash]) -> Tree {
    let mut tree = Tree::default();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree
}

#[test]
fn the_roots_of_the_reference_tree() {
    let inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Tree::default();
    for (input, root) in inputs.iter().zip(roots) {
        tree.push(merkle::leaf(&hex::decode(input).unwrap()));
        assert_eq!(hex::encode(tree.root()), root);
    }
    assert_eq!(hex::encode(merkle::empty()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn roots_of_every_size_are_those_of_the_rfc() {
    let all = leaves(1200);
    let mut tree = Tree::default();
    for (size, leaf) in (1..).zip(&all) {
        tree.push(*leaf);
        assert_eq!(tree.size(), size as u64);
        if size < 40 || size % 97 == 0 || (size + 1) % 256 < 3 {
            assert_eq!(tree.root(), naive(&all[..size]), "{size}");
        }
    }
    let told = |at: u64| all.get(at as usize).copied();
    for size in [0, 1, 255, 256, 257, 700, 768, 1199, 1200] {
        assert_eq!(tree.root_at(size, &told), Some(naive(&all[..size as usize])), "{size}");
    }
    assert_eq!(tree.root_at(1201, &told), None);
}

#[test]
fn every_inclusion_is_proven_and_no_other() {
    let all = leaves(700);
    let tree = tree(&all);
    for size in [1, 2, 3, 7, 8, 255, 256, 257, 511, 513, 700u64] {
        let root = naive(&all[..size as usize]);
        for index in (0..size).filter(|index| size < 20 || index % 61 == 0 || size - index < 3 || index % 256 == 255) {
            // Only the blocks that are named are told.
            let told = |at: u64| {
                let named = merkle::block_of(index).contains(&at) || merkle::block_of(size - 1).contains(&at);
                all.get(at as usize).copied().filter(|_| named)
            };
            let proof = tree.inclusion(index, size, &told).unwrap();
            let leaf = all[index as usize];
            assert!(is_included(&leaf, index, size, &proof, &root), "{index} of {size}");
            assert!(!is_included(&merkle::leaf(b"x"), index, size, &proof, &root));
            assert!(!is_included(&leaf, index + 1, size, &proof, &root));
            assert!(!is_included(&leaf, index, size, &[&proof[..], &[root]].concat(), &root));
            for at in 0..proof.len() {
                let mut bent = proof.clone();
                bent[at][7] ^= 1;
                assert!(!is_included(&leaf, index, size, &bent, &root));
                bent.remove(at);
                assert!(!is_included(&leaf, index, size, &bent, &root));
            }
        }
        assert_eq!(tree.inclusion(size, size, &|_| None), None);
    }
}

#[test]
fn every_consistency_is_proven_and_no_other() {
    let all = leaves(600);
    let tree = tree(&all);
    let told = |at: u64| all.get(at as usize).copied();
    let sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 255, 256, 257, 400, 511, 512, 513, 599, 600u64];
    for new in sizes {
        let new_root = naive(&all[..new as usize]);
        for old in sizes.into_iter().filter(|old| *old <= new) {
            let old_root = naive(&all[..old as usize]);
            let proof = tree.consistency(old, new, &told).unwrap();
            assert!(is_consistent((old, &old_root), (new, &new_root), &proof), "{old} of {new}");
            let other = merkle::leaf(b"other");
            assert!(!is_consistent((old, &other), (new, &new_root), &proof), "{old} of {new}");
            assert!(!is_consistent((old, &old_root), (new, &other), &proof) || old == 0, "{old} of {new}");
            assert!(!is_consistent((old, &old_root), (new, &new_root), &[&proof[..], &[other]].concat()));
            for at in 0..proof.len() {
                let mut bent = proof.clone();
                bent[at][0] ^= 128;
                assert!(!is_consistent((old, &old_root), (new, &new_root), &bent), "{old} of {new}, {at}");
            }
        }
    }
    assert!(!is_consistent((2, &ZERO_HASH), (1, &ZERO_HASH), &[]));
    assert_eq!(tree.consistency(3, 2, &told), None);
}

fn about(position: u64, subjects: &[(&str, u64, Hash)]) -> Record {
    let subject = |(name, revision, previous): &(&str, u64, Hash)| Subject {
        name: (*name).to_owned(),
        revision: *revision,
        previous: *previous,
    };
    Record {
        commit: position,
        position,
        index: 0,
        count: 1,
        event_type: 20,
        schema_version: 1,
        effective_days: 0,
        recorded_at_micros: 0,
        principal: "t".to_owned(),
        on_behalf_of: String::new(),
        request: None,
        previous: ZERO_HASH,
        subjects: subjects.iter().map(subject).collect(),
        payload: Vec::new(),
    }
}

fn hash(record: &Record) -> Hash {
    merkle::leaf(&record.encode())
}

/// Heads of so many firms, every second of them with two records.
fn heads_of(count: u64) -> Heads {
    let mut heads = Heads::default();
    for number in 0..count {
        let name = format!("firms/{:05}", number * 7919 % 100_003);
        let first = about(2 * number + 1, &[(&name, 1, ZERO_HASH)]);
        heads.take(&first, hash(&first)).unwrap();
        if number % 2 == 0 {
            let second = about(2 * number + 2, &[(&name, 2, hash(&first))]);
            heads.take(&second, hash(&second)).unwrap();
        }
    }
    heads
}

#[test]
fn heads_prove_what_there_is_and_what_there_is_not() {
    for count in [0, 1, 2, 3, 255, 256, 257, 700] {
        let tree = heads_of(count).tree(5);
        assert_eq!(tree.count(), count);
        let root = tree.root();
        for number in (0..count).filter(|number| count < 10 || number % 50 == 0) {
            let name = format!("firms/{:05}", number * 7919 % 100_003);
            let proof = tree.prove(&name);
            let shown = heads::verify(&name, &proof, count, &root);
            assert!(matches!(shown, Shown::Present { revision, .. } if revision == 2 - number % 2), "{shown:?}");
            assert_eq!(heads::verify("firms/other", &proof, count, &root), Shown::Nothing);
            assert_eq!(heads::verify(&name, &proof, count, &ZERO_HASH), Shown::Nothing);
            let EntityProof::Present(mut bent) = proof else { panic!("{name} is there") };
            bent.head.revision += 1;
            assert_eq!(heads::verify(&name, &EntityProof::Present(bent), count, &root), Shown::Nothing);
        }
        for name in ["", "a", "firms/00001x", "firms/50000", "firms/99999x", "zzz"] {
            let proof = tree.prove(name);
            if matches!(proof, EntityProof::Present(_)) {
                continue;
            }
            assert_eq!(heads::verify(name, &proof, count, &root), Shown::Absent, "{name} of {count}: {proof:?}");
        }
        // The neighbours of one name say nothing of another, and a gap is no absence.
        if count > 10 {
            let EntityProof::Absent { before, after } = tree.prove("firms/50000x") else { panic!() };
            let far = EntityProof::Absent { before: before.clone(), after: None };
            assert_eq!(heads::verify("firms/50000x", &far, count, &root), Shown::Nothing);
            let far = EntityProof::Absent { before: None, after: after.clone() };
            assert_eq!(heads::verify("firms/50000x", &far, count, &root), Shown::Nothing);
            assert_eq!(
                heads::verify("firms/00000", &EntityProof::Absent { before, after }, count, &root),
                Shown::Nothing
            );
            let none = EntityProof::Absent { before: None, after: None };
            assert_eq!(heads::verify("firms/50000x", &none, count, &root), Shown::Nothing);
        }
    }
}

#[test]
fn all_records_of_an_entity_are_told_from_some() {
    let first = about(1, &[("firms/A", 1, ZERO_HASH)]);
    let second = about(2, &[("firms/A", 2, hash(&first)), ("firms/B", 1, ZERO_HASH)]);
    let third = about(3, &[("firms/A", 3, hash(&second))]);
    let last = hash(&third);
    let all: Vec<_> = [first, second, third].into_iter().map(|record| (record.clone(), hash(&record))).collect();
    assert!(heads::are_all("firms/A", &all, 3, &last));
    assert!(!heads::are_all("firms/B", &all, 3, &last));
    assert!(!heads::are_all("firms/A", &all, 2, &last));
    assert!(!heads::are_all("firms/A", &all[1..], 2, &last));
    assert!(!heads::are_all("firms/A", &all[..2], 2, &last));
    assert!(!heads::are_all("firms/A", &[all[0].clone(), all[2].clone()], 2, &last));
    assert!(!heads::are_all("firms/A", &[], 0, &last));
    // A record that does not continue its subject is not taken in.
    let mut heads = Heads::default();
    heads.take(&all[0].0, all[0].1).unwrap();
    assert!(heads.take(&all[2].0, all[2].1).is_err());
}

/// From the documentation of golang.org/x/mod/sumdb/note.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

#[test]
fn a_note_of_go_is_read_and_checked() {
    let key = PublicKey::parse(GO_KEY).unwrap();
    assert_eq!(key.to_string(), GO_KEY);
    let keys = [key];
    let note = Note::parse(GO_NOTE).unwrap();
    assert_eq!(note.verify("PeterNeumann", &keys), Ok(&keys[0]));
    assert_eq!(note.verify("Another", &keys), Err(NoteFault::Unsigned));
    let bent = GO_NOTE.replace("answer", "Answer");
    let forged = Note::parse(&bent).unwrap().verify("PeterNeumann", &keys).unwrap_err();
    assert_eq!(forged, NoteFault::Forged { name: "PeterNeumann".to_owned() });
}

fn checkpoint() -> Checkpoint {
    let origin = origin("440203", b"0123456789abcdef");
    Checkpoint { origin, size: 189, root: std::array::from_fn(|at| at as u8) }
}

#[test]
fn a_checkpoint_is_opened_by_its_key_for_its_log_and_no_other() {
    let (key, pem) = SigningKey::generate().unwrap();
    let checkpoint = checkpoint();
    let note = checkpoint.sign(&key);
    assert_eq!(note, checkpoint.sign(&SigningKey::from_pem(pem.as_bytes()).unwrap()), "signatures are deterministic");
    let named = key.named(&checkpoint.origin);
    let mine = PublicKey::parse_all(&format!("# keys\n{GO_KEY}\n{named}\n")).unwrap();
    let any = PublicKey::parse_all(&named.pem()).unwrap();
    for keys in [&mine, &any] {
        assert_eq!(Checkpoint::open(&note, &checkpoint.origin, keys).unwrap(), checkpoint);
    }
    let other = origin("440204", b"0123456789abcdef");
    assert!(matches!(Checkpoint::open(&note, &other, &any), Err(NoteFault::OtherLog { .. })));
    let (stranger, _) = SigningKey::generate().unwrap();
    let strange = [stranger.named(&checkpoint.origin)];
    assert_eq!(Checkpoint::open(&note, &checkpoint.origin, &strange), Err(NoteFault::Unsigned));
    // The key of another log is none of this one's, though it is the same key.
    assert_eq!(Checkpoint::open(&note, &checkpoint.origin, &[key.named(&other)]), Err(NoteFault::Unsigned));
}

#[test]
fn no_byte_of_a_checkpoint_can_be_changed() {
    let (key, _) = SigningKey::generate().unwrap();
    let checkpoint = checkpoint();
    let note = checkpoint.sign(&key);
    let keys = [key.named(&checkpoint.origin)];
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut bytes = note.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(bent) = String::from_utf8(bytes) else { continue };
            assert!(Checkpoint::open(&bent, &checkpoint.origin, &keys).is_err(), "byte {at}, bit {bit}: {bent}");
        }
        assert!(!note.is_char_boundary(at) || Checkpoint::open(&note[..at], &checkpoint.origin, &keys).is_err());
    }
}

#[test]
fn what_is_no_key_is_told_so() {
    let (key, pem) = SigningKey::generate().unwrap();
    let public = key.named("n").pem();
    for bad in ["", "x", "a+b+c", "n+00000000+AQ==", &GO_KEY.replace("c74f", "c74e"), &pem] {
        assert!(matches!(PublicKey::parse_all(bad), Err(NoteFault::Key(_))), "{bad}");
    }
    for bad in ["", "x", &public, &pem.replace("PRIVATE", "PUBLIC")] {
        assert!(matches!(SigningKey::from_pem(bad.as_bytes()), Err(NoteFault::Key(_))), "{bad}");
    }
    assert!(!format!("{key:?}").contains(&pem[40..60]));
}
