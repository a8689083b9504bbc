/*
 * sample: messages that the tests of this folder share.
 */
#ifndef MAIL_SAMPLE_H
#define MAIL_SAMPLE_H

#include "mail/message.h"

/* A message in which every field is set; it lives as long as the program. */
const struct message *sample_full(void);
/* A message with one short part and nothing that can be left out. */
const struct message *sample_small(void);
/* End the test if a and b differ in any field. */
void sample_check_equal(const struct message *a, const struct message *b);

#endif
