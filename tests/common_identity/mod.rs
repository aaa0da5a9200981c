//! Credentials, good and bad, made anew for each test: an authority and its certificates, keys and the tokens they sign,
//! and a server that believes them.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use crate::common_server::{self, DISTRICT, Incubatord};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use incubator_registry::wire::v1;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType, SerialNumber,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

/// The issuer that the server expects.
pub const ISSUER: &str = "https://id.wujiang.example";
/// The audience that the server expects.
pub const AUDIENCE: &str = "incubator-registry";
/// A static token.
pub const STATIC: &str = "st-0123456789abcdef0123456789abcdef0123456789abcdef";

/// A certificate and its key, PEM.
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub certificate: String,
}

impl Authority {
    /// Another one.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Another one, whose certificate this one signs.
    pub fn under(&self, serial: u64) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.serial_number = Some(SerialNumber::from(serial));
        params.distinguished_name.push(DnType::CommonName, format!("between {serial}"));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn issue(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Certified {
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Certified { certificate, key: key.serialize_pem() }
    }

    /// A server's.
    pub fn server(&self, host: &str) -> Certified {
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        self.issue(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client's, by a URI, of this serial, from and to a year.
    pub fn client(&self, uri: &str, serial: u64, years: (i32, i32)) -> Certified {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.serial_number = Some(SerialNumber::from(serial));
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        self.issue(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A client's, by a URI, of this serial, until a time in Unix seconds.
    pub fn client_until(&self, uri: &str, serial: u64, until: i64) -> Certified {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.serial_number = Some(SerialNumber::from(serial));
        let since_epoch = std::time::Duration::from_secs(until.unsigned_abs());
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_epoch;
        self.issue(params, ExtendedKeyUsagePurpose::ClientAuth)
    }
}

/// A key that signs tokens.
pub enum Signer {
    /// EdDSA.
    Ed(Ed25519KeyPair),
    /// ES256.
    Ec(EcdsaKeyPair),
    /// RS256.
    Rsa(Box<RsaKeyPair>),
}

impl Signer {
    /// For EdDSA.
    pub fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    /// For ES256.
    pub fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    /// For RS256.
    pub fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()))
    }

    /// Its name in headers.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed(_) => "EdDSA",
            Self::Ec(_) => "ES256",
            Self::Rsa(_) => "RS256",
        }
    }

    /// Its public half.
    pub fn public(&self, id: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ed(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": text(key.public_key().as_ref())})
            }
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::Rsa(key) => {
                let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
                let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                json!({"kty": "RSA", "kid": id, "n": text(n), "e": text(e)})
            }
        }
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
            Self::Ec(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }

    /// A token with the usual header.
    pub fn token(&self, id: &str, claims: &Value) -> String {
        self.signed(&json!({"alg": self.algorithm(), "typ": "at+jwt", "kid": id}), claims)
    }

    /// A token with this header.
    pub fn signed(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(self.sign(message.as_bytes())))
    }
}

/// The part of a token that is signed.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// Now, in Unix seconds.
pub fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Claims that hold for five minutes.
pub fn claims(subject: &str) -> Value {
    let id = uuid::Uuid::new_v4().to_string();
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": now() + 300, "jti": id})
}

/// The same with one claim changed; null: without it.
pub fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    match value {
        Value::Null => changed.as_object_mut().unwrap().remove(name),
        value => changed.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    changed
}

/// The files of a server that knows every kind of credential, and what signs them.
pub struct Site {
    /// The folder of the files, and of the data.
    pub dir: TempDir,
    /// Signs the certificates.
    pub authority: Authority,
    /// The keys of the key set: `ed`, `ec`, `rsa`.
    pub signers: [(&'static str, Signer); 3],
}

const PRINCIPALS: &str = r#"
[[principal]]
id = "clerk-7"
roles = ["bureau-clerk", "bureau-approver", "auditor"]
names = ["URI:spiffe://wujiang/clerk-7"]

[[principal]]
id = "clerk-8"
roles = ["bureau-clerk", "auditor"]
"#;

impl Site {
    /// Files of a site.
    pub fn new() -> Self {
        let authority = Authority::new();
        let signers = [("ed", Signer::ed()), ("ec", Signer::ec()), ("rsa", Signer::rsa())];
        let site = Self { dir: TempDir::new().unwrap(), authority, signers };
        let server = site.authority.server("localhost");
        site.write("ca.pem", &site.authority.certificate);
        site.write("server.pem", &server.certificate);
        site.write("server.key", &server.key);
        site.write("principals.toml", PRINCIPALS);
        site.write("denylist.toml", "");
        let hash = hex::encode(Sha256::digest(STATIC));
        site.write("tokens.toml", &format!("[[token]]\nprincipal = \"clerk-8\"\nsha256 = \"{hash}\"\n"));
        let keys: Vec<_> = site.signers.iter().map(|(id, signer)| signer.public(id)).collect();
        site.write("jwks.json", &json!({"keys": keys}).to_string());
        site
    }

    /// Where a file lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts a file in place, as one that only its owner reads.
    pub fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let part = self.path(&format!("{name}.part"));
        std::fs::write(&part, text).unwrap();
        std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::rename(part, self.path(name)).unwrap();
    }

    /// The options of the server: every one, or those that are not named.
    pub fn options(&self, without: &[&str]) -> Vec<String> {
        let files = [
            ("--tls-cert", "server.pem"),
            ("--tls-key", "server.key"),
            ("--client-ca", "ca.pem"),
            ("--jwks", "jwks.json"),
            ("--tokens", "tokens.toml"),
            ("--principals", "principals.toml"),
            ("--denylist", "denylist.toml"),
        ];
        let files = files.iter().map(|(option, file)| (*option, self.path(file).to_str().unwrap().to_owned()));
        let words = [("--issuer", ISSUER.to_owned()), ("--audience", AUDIENCE.to_owned())];
        let all = files.chain(words).filter(|(option, _)| !without.contains(option));
        all.flat_map(|(option, value)| [option.to_owned(), value]).collect()
    }

    /// A server on these files.
    pub fn serve(&self, without: &[&str], more: &[&str]) -> Incubatord {
        let options = self.options(without);
        let options: Vec<_> = options.iter().map(String::as_str).chain(more.iter().copied()).collect();
        Incubatord::with(&self.path("data"), &options)
    }

    /// The signer of a key.
    pub fn signer(&self, id: &str) -> &Signer {
        &self.signers.iter().find(|(name, _)| *name == id).unwrap().1
    }

    /// A connection to a server, that shows a certificate if one is given.
    pub async fn connect(&self, server: &Incubatord, shown: Option<&Certified>) -> Result<Channel, Status> {
        connect(&server.address, &self.authority, "localhost", shown).await
    }
}

/// A connection that expects a host.
pub async fn connect(
    address: &str,
    authority: &Authority,
    host: &str,
    shown: Option<&Certified>,
) -> Result<Channel, Status> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&authority.certificate));
    tls = tls.domain_name(host);
    if let Some(shown) = shown {
        tls = tls.identity(Identity::from_pem(&shown.certificate, &shown.key));
    }
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap();
    endpoint.connect().await.map_err(|error| Status::unavailable(format!("{error:?}")))
}

/// Asks for the head, with these headers.
pub async fn ask(channel: &Channel, headers: &[(&'static str, &str)]) -> Result<v1::GetHeadResponse, Status> {
    let mut client = v1::journal_service_client::JournalServiceClient::new(channel.clone());
    let mut request = Request::new(v1::GetHeadRequest { parent: DISTRICT.into() });
    *request.metadata_mut() = metadata(headers);
    client.get_head(request).await.map(tonic::Response::into_inner)
}

/// Headers of a call.
pub fn metadata(headers: &[(&'static str, &str)]) -> MetadataMap {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, value.parse().unwrap());
    }
    MetadataMap::from_headers(map)
}

/// Asks with a bearer token.
pub async fn bear(channel: &Channel, token: &str) -> Result<v1::GetHeadResponse, Status> {
    ask(channel, &[("authorization", &format!("Bearer {token}"))]).await
}

/// Holds an answer against "this credential does not hold, for that reason".
#[track_caller]
pub fn refused<T: std::fmt::Debug>(answer: Result<T, Status>, why: &str) {
    common_server::says(&answer.unwrap_err(), Code::Unauthenticated, "BAD_CREDENTIAL", &[("why", why)], &[]);
}

/// Tries until an answer is as wanted: files are read again within seconds.
pub async fn soon<T, F: Future<Output = T>>(mut ask: impl FnMut() -> F, wanted: impl Fn(&T) -> bool) -> T {
    for _ in 0..200 {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not come to that within ten seconds");
}

/// A folder's mode.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).unwrap().mode() & 0o777
}
