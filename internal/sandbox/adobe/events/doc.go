// Package events is a stand-in for Adobe I/O Events: the registration of a webhook with its challenge, deliveries that are signed
// with two RSA keys, single or batched, in today's and in older envelopes, tried for a day; the keys; and the journal, which
// keeps everything for seven days. Behind it lie one asset in Experience Manager and one in Creative Cloud that people save.
package events
