// Package mail is a mail server for several people: SMTP in (from other servers, and from people who sign in), SMTP out to the
// product's own listener, IMAP over mailboxes in memory (without ENVELOPE, BODYSTRUCTURE, APPEND and searches for words), and
// pages on which everybody reads and writes their mail.
//
// It is strict where the standards are (RFC 5321, 5322, 3501, 6851, 4315, 2177): lines end in CRLF, nothing is too long, 8-bit
// text is announced. What people do, by acts (WriteAs, ReplyAs, …) or on the pages, goes through the same SMTP session as a mail
// from outside. It is written from the contract and shares no code with the connector.
package mail
