//! A client with this provider and a server with another understand each other, in every suite and by
//! every key that servers have.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Read, Write};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    SupportedCipherSuite,
};

use crate::provider;

/// A server's certificate and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn identity(by: &'static SignatureAlgorithm) -> Identity {
    of_key(&KeyPair::generate_for(by).unwrap())
}

fn of_key(key: &KeyPair) -> Identity {
    let params = CertificateParams::new(vec!["mail.example.com".to_owned()]).unwrap();
    let certificate = params.self_signed(key).unwrap().der().clone();
    Identity { certificate, key: PrivateKeyDer::try_from(key.serialize_der()).unwrap() }
}

fn server(identity: &Identity) -> ServerConnection {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring)
        .with_protocol_versions(ALL_VERSIONS)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], identity.key.clone_key())
        .unwrap();
    ServerConnection::new(Arc::new(config)).unwrap()
}

fn client(provider: CryptoProvider, trusted: &Identity, name: &str) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(ALL_VERSIONS)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), name.to_owned().try_into().unwrap()).unwrap()
}

/// Carries what the two have to say to each other until neither has anything more.
fn talk(client: &mut ClientConnection, server: &mut ServerConnection) -> Result<(), rustls::Error> {
    while client.wants_write() || server.wants_write() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut left = &bytes[..];
        while !left.is_empty() {
            server.read_tls(&mut left).unwrap();
            server.process_new_packets()?;
        }
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut left = &bytes[..];
        while !left.is_empty() {
            client.read_tls(&mut left).unwrap();
            client.process_new_packets()?;
        }
    }
    Ok(())
}

/// Shakes hands, and sends a long text there and back.
fn exchange(provider: CryptoProvider, identity: &Identity) -> SupportedCipherSuite {
    let mut client = client(provider, identity, "mail.example.com");
    let mut server = server(identity);
    talk(&mut client, &mut server).unwrap();
    let text = b"a letter ".repeat(5_000);
    let (mut there, mut back) = (Vec::<u8>::new(), Vec::<u8>::new());
    for chunk in text.chunks(16_000) {
        client.writer().write_all(chunk).unwrap();
        talk(&mut client, &mut server).unwrap();
        let mut read = vec![0; chunk.len()];
        server.reader().read_exact(&mut read).unwrap();
        there.extend(&read);
        server.writer().write_all(&read).unwrap();
        talk(&mut client, &mut server).unwrap();
        client.reader().read_exact(&mut read).unwrap();
        back.extend(&read);
    }
    assert!(there == text && back == text);
    client.negotiated_cipher_suite().unwrap()
}

/// The provider with one suite and one group.
fn only(suite: SupportedCipherSuite, group: usize) -> CryptoProvider {
    let all = provider();
    CryptoProvider { cipher_suites: vec![suite], kx_groups: vec![all.kx_groups[group]], ..all }
}

#[test]
fn every_suite_and_group_is_understood() {
    let identities = [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_RSA_SHA256].map(identity);
    for suite in provider().cipher_suites {
        for group in 0..provider().kx_groups.len() {
            let is_of_rsa = format!("{:?}", suite.suite()).contains("RSA_WITH");
            let identity = &identities
                [usize::from(is_of_rsa && !format!("{:?}", suite.suite()).contains("ECDSA"))];
            assert_eq!(exchange(only(suite, group), identity), suite);
        }
    }
}

#[test]
fn every_kind_of_key_is_believed() {
    for by in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_RSA_SHA384,
        &rcgen::PKCS_RSA_SHA512,
    ] {
        exchange(provider(), &identity(by));
    }
}

#[test]
fn a_server_that_is_not_trusted_or_not_meant_is_refused() {
    let (ours, others) =
        (identity(&rcgen::PKCS_ECDSA_P256_SHA256), identity(&rcgen::PKCS_ECDSA_P256_SHA256));
    let mut stranger = client(provider(), &others, "mail.example.com");
    assert!(talk(&mut stranger, &mut server(&ours)).is_err());
    let mut elsewhere = client(provider(), &ours, "shop.example.com");
    assert!(talk(&mut elsewhere, &mut server(&ours)).is_err());
}

#[test]
fn a_record_that_was_changed_is_refused() {
    let identity = identity(&rcgen::PKCS_ECDSA_P256_SHA256);
    for suite in provider().cipher_suites {
        if format!("{:?}", suite.suite()).contains("_RSA_") {
            continue;
        }
        let mut client = client(only(suite, 0), &identity, "mail.example.com");
        let mut server = server(&identity);
        talk(&mut client, &mut server).unwrap();
        server.writer().write_all(b"250 ok").unwrap();
        let mut bytes = Vec::new();
        server.write_tls(&mut bytes).unwrap();
        let last = bytes.len() - 20;
        bytes[last] ^= 1;
        client.read_tls(&mut &bytes[..]).unwrap();
        assert!(client.process_new_packets().is_err(), "{suite:?}");
    }
}
