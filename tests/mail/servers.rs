//! Mail servers that others have written, with TLS by an authority that a test makes.
//!
//! Both hand what they take on to a mailbox of the test's own, where it is read.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use boxoffice_mailbox::{Mailbox, Options};
use boxoffice_tests::eventually;
use boxoffice_tests::surroundings::{free_port, workspace};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tempfile::TempDir;

const NAME: &str = "shop";
/// With characters that an address must escape.
const PASSWORD: &str = "p@ss:w/rd";
/// The same, as an address has it.
const ESCAPED: &str = "p%40ss%3Aw%2Frd";

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// After the client asks for it.
    StartTls,
    /// From its first byte on.
    Smtps,
}

/// An authority, and a server's certificate by it, for `localhost` and 127.0.0.1.
pub(crate) struct Authority {
    folder: TempDir,
    /// The authority's certificate, as the variable `smtp_ca` takes it.
    pub(crate) pem: String,
}

impl Authority {
    /// Makes one that nobody else knows.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let own = KeyPair::generate().unwrap();
        let pem = params.self_signed(&own).unwrap().pem();
        let issuer = Issuer::new(params, own);
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        let made = Self { folder, pem };
        for (name, text) in
            [("ca", &made.pem), ("certificate", &certificate), ("key", &key.serialize_pem())]
        {
            std::fs::write(made.file(name), text).unwrap();
        }
        made
    }

    /// The file of `ca`, `certificate` or `key`.
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).with_extension("pem")
    }
}

/// A mail server that runs. Dropped, it is gone.
pub(crate) struct Server {
    /// What it has handed on.
    pub(crate) mailbox: Mailbox,
    /// When its connections are encrypted.
    tls: Tls,
    port: u16,
    /// Whether it wants a name and a password.
    has_user: bool,
    process: Process,
}

enum Process {
    Aiosmtpd(Child),
    Postfix { child: Child, folder: TempDir },
}

impl Server {
    /// Starts aiosmtpd (<https://aiosmtpd.aio-libs.org>), which wants a name and a password.
    ///
    /// # Panics
    /// When it is not installed, or does not start.
    pub(crate) async fn aiosmtpd(authority: &Authority, tls: Tls) -> Self {
        let (mailbox, port) = (Mailbox::start(Options::default()).await.unwrap(), free_port());
        let mut child = Command::new(python())
            .arg(script("server.py"))
            .args([tls.word(), &port.to_string()])
            .args([authority.file("certificate"), authority.file("key")])
            .args([NAME, PASSWORD, &mailbox.smtp_address().port().to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n", "aiosmtpd does not start");
        let process = Process::Aiosmtpd(child);
        Self { mailbox, tls, port, has_user: true, process }
    }

    /// Starts Postfix (<https://www.postfix.org>). Returns nothing where nobody but root may.
    ///
    /// # Panics
    /// When it is not installed, or does not start.
    pub(crate) async fn postfix(authority: &Authority, tls: Tls) -> Option<Self> {
        let Some(user) = postfix_user() else {
            eprintln!("Postfix is started by root alone: left out");
            return None;
        };
        let (mailbox, port) = (Mailbox::start(Options::default()).await.unwrap(), free_port());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        // Its parts run as another user.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["spool", "data"] {
            std::fs::create_dir(path.join(name)).unwrap();
        }
        chown(path.join("data"), Some(user), None).unwrap();
        let onward = mailbox.smtp_address().port();
        std::fs::write(path.join("main.cf"), main_cf(path, authority, onward)).unwrap();
        std::fs::write(path.join("master.cf"), master_cf(tls, port)).unwrap();
        let child = Command::new("postfix")
            .arg("-c")
            .arg(path)
            .arg("start-fg")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`cargo xtask test --only mail` installs Postfix");
        let process = Process::Postfix { child, folder };
        let server = Self { mailbox, tls, port, has_user: false, process };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listens = async || tokio::net::TcpStream::connect(address).await.is_ok();
        eventually("Postfix listens", listens, |listens| *listens).await;
        Some(server)
    }

    /// Its address, as the variable `smtp_url` takes it.
    pub(crate) fn url(&self) -> String {
        let user = if self.has_user { format!("{NAME}:{ESCAPED}@") } else { String::new() };
        match self.tls {
            Tls::StartTls => format!("smtp://{user}localhost:{}?tls=required", self.port),
            Tls::Smtps => format!("smtps://{user}localhost:{}", self.port),
        }
    }

    /// Its port, for `smtp_allowed`.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let child = match &mut self.process {
            Process::Aiosmtpd(child) => {
                let _ = child.kill();
                child
            }
            Process::Postfix { child, folder } => {
                let mut abort = Command::new("postfix");
                abort.arg("-c").arg(folder.path()).arg("abort");
                let _ = abort.stdout(Stdio::null()).stderr(Stdio::null()).status();
                child
            }
        };
        let _ = child.wait();
    }
}

impl Tls {
    fn word(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Smtps => "smtps",
        }
    }
}

/// The number of the user that Postfix's parts run as, if we may start them.
fn postfix_user() -> Option<u32> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse::<u32>().ok()
    };
    (id(&["-u"])? == 0).then(|| id(&["-u", "postfix"]).expect("Postfix is installed"))
}

fn main_cf(folder: &Path, authority: &Authority, onward: u16) -> String {
    let (certificate, key) = (authority.file("certificate"), authority.file("key"));
    let [folder, certificate, key] = [folder, &certificate, &key].map(Path::display);
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {folder}/spool\n\
         data_directory = {folder}/data\n\
         myhostname = mail.localhost\n\
         mydestination =\n\
         alias_maps =\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         mynetworks = 127.0.0.0/8\n\
         relayhost = [127.0.0.1]:{onward}\n\
         smtpd_relay_restrictions = permit_mynetworks, reject\n\
         smtpd_tls_cert_file = {certificate}\n\
         smtpd_tls_key_file = {key}\n\
         smtpd_tls_security_level = encrypt\n\
         maillog_file = /dev/stdout\n"
    )
}

fn master_cf(tls: Tls, port: u16) -> String {
    let wraps = if tls == Tls::Smtps { "yes" } else { "no" };
    let listens =
        format!("127.0.0.1:{port} inet n - n - - smtpd\n  -o smtpd_tls_wrappermode={wraps}\n");
    listens
        + "cleanup unix n - n - 0 cleanup\n\
           qmgr unix n - n 300 1 qmgr\n\
           rewrite unix - - n - - trivial-rewrite\n\
           bounce unix - - n - 0 bounce\n\
           defer unix - - n - 0 bounce\n\
           trace unix - - n - 0 bounce\n\
           smtp unix - - n - - smtp\n\
           error unix - - n - - error\n\
           retry unix - - n - - error\n\
           anvil unix - - n - 1 anvil\n\
           scache unix - - n - 1 scache\n\
           tlsmgr unix - - n 1000? 1 tlsmgr\n\
           proxymap unix - - n - - proxymap\n\
           postlog unix-dgram n - n - 1 postlogd\n"
}

/// The Python that has aiosmtpd.
fn python() -> PathBuf {
    let python = workspace().join("target/aiosmtpd/bin/python");
    let hint = "`cargo xtask test --only mail` installs it";
    assert!(python.is_file(), "{} is missing: {hint}", python.display());
    python
}

fn script(name: &str) -> PathBuf {
    workspace().join("tests/mail").join(name)
}

/// Sends a letter by another client than ours. Returns whether the server took it.
fn sends(server: &Server, authority: &Authority, user: [&str; 2]) -> bool {
    Command::new(python())
        .arg(script("send.py"))
        .args([server.tls.word(), &server.port.to_string()])
        .arg(authority.file("ca"))
        .args(user)
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

// Python's client is waited for, while the mailbox must go on.
#[tokio::test(flavor = "multi_thread")]
async fn the_servers_are_what_tests_take_them_for() {
    let (authority, other) = (Authority::new(), Authority::new());
    for tls in [Tls::StartTls, Tls::Smtps] {
        let mut servers = vec![(Server::aiosmtpd(&authority, tls).await, [NAME, PASSWORD])];
        servers.extend(Server::postfix(&authority, tls).await.map(|server| (server, ["", ""])));
        for (server, user) in &servers {
            assert!(!sends(server, &other, *user), "a client that knows another authority");
            assert!(sends(server, &authority, *user), "{tls:?}");
            let arrived = async || server.mailbox.messages();
            let arrived = eventually("it is handed on", arrived, |all| !all.is_empty()).await;
            assert_eq!(arrived[0].subject, "Kites");
            assert_eq!(arrived[0].to, ["you@example.org"]);
            assert_eq!(arrived[0].message_id, "1@tickets.example");
        }
        let (aiosmtpd, _) = &servers[0];
        assert!(!sends(aiosmtpd, &authority, [NAME, "wrong"]), "a wrong password");
        assert!(!sends(aiosmtpd, &authority, ["", ""]), "no password");
        assert_eq!(aiosmtpd.mailbox.messages().len(), 1);
    }
}
