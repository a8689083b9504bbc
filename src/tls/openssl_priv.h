/*
 * openssl_priv: OpenSSL's headers beside our error codes.
 *
 * One of its types bears the name of one of our codes; it is renamed while
 * its headers are read.
 */
#ifndef TLS_OPENSSL_PRIV_H
#define TLS_OPENSSL_PRIV_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
