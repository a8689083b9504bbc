/*
 * openssl_priv: OpenSSL's headers beside our error codes.
 *
 * One of its types bears the name of one of our codes; it is renamed while
 * its headers are read.
 */
#ifndef CRYPT_OPENSSL_PRIV_H
#define CRYPT_OPENSSL_PRIV_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/evp.h>
#undef ERR_STATE

#endif
