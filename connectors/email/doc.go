// Package email is the door for mail: it takes mail in by IMAP and by SMTP or LMTP, turns it into requests and comments, and
// writes to people by SMTP.
//
// A mail is kept as it came before it is acknowledged, and read afterwards: Accept looks at its header only, Enrich asks
// DNS and what is kept about earlier mails, Parse makes events of it. How mails are taken apart and what of them is new is
// the business of the packages below.
//
// Keys of Refs: {address, ana@lumen.example}; {thread, hash of the first Message-ID}; {message, delivery id} for a mail
// that came and {message, Message-ID without brackets} for one of ours; {file, delivery id/part}.
package email
