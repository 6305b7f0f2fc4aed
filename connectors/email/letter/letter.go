package letter

import (
	"net/netip"
	"time"

	"signoff/internal/text"
)

// Options say what Read cannot know from the mail alone. The zero value reads any mail.
type Options struct {
	Self     []string // our own addresses; mail from one of them is Own
	Instance string   // our value of the header X-Signoff-Instance; mail that bears it is Own
	Key      string   // what the keys of requests begin with, CR of CR-142; empty takes every [word-number] of a subject for one
	Marker   string   // the line above which people are asked to reply; what follows it is not new
	Envelope Envelope // what the delivering server said
}

// Envelope is what a server said about a mail besides its bytes. Behind IMAP it is empty.
type Envelope struct {
	Known bool       // the other fields were told: an empty From then is the null sender
	From  string     // MAIL FROM without brackets
	To    []string   // RCPT TO
	IP    netip.Addr // of the client that delivered, when it was the sender's own server
	Helo  string
}

// Address is one mailbox. The name is decoded and cleaned, and proves nothing; the address is as written, with its domain in
// small letters.
type Address struct{ Name, Address string }

// Letter is a mail that was read. Every text in it is valid UTF-8 without control characters.
type Letter struct {
	From    Address // the author: From, else Sender, else the envelope's; empty when nobody can be named
	Authors []Address
	Sender  Address
	ReplyTo []Address // for answers only, never for authority
	To, Cc  []Address
	// Delivered are the addresses this copy was meant for, without repetition: the envelope's, Delivered-To, X-Original-To
	// and their like, then To and Cc. A reply token stands in one of them.
	Delivered  []string
	ReturnPath string // the envelope's sender
	NullSender bool   // the envelope's sender is known to be <>

	Subject string    // decoded, in one line
	Title   string    // the subject without Re:, Fwd: and tags such as [SG-1042]
	Tags    []string  // the words of such tags, in order
	Date    time.Time // the sender's own; zero when it cannot be read

	MessageID   string   // without brackets, as written; empty when there is none
	InReplyTo   []string // without brackets
	References  []string // oldest first; the first and the last of a long list, 50 at most
	ThreadIndex string   // Outlook's word for the conversation, when it gives nothing else

	Body  Body
	Files []File

	List     string // the List-Id of a mailing list
	Class    Class
	Because  string  // what told the class, in a few words: "Auto-Submitted: auto-replied"
	Calendar string  // the METHOD of a calendar part: REQUEST, REPLY, CANCEL…
	Report   *Report // of a Bounce

	Refused *Refused // why only the headers were read
	Notes   []string // what a person should know about the reading: plain sentences
	Faults  []string // what was malformed and repaired; for logs
}

// Body is the words of a mail in three parts. Together they are all of it, up to the bound; New is what people are shown.
type Body struct {
	New       text.Doc // what the sender wrote; never empty when the mail has words
	Quoted    text.Doc // what it answers or forwards, from the attribution on
	Signature text.Doc
	Forwarded bool // New holds a forwarded mail
	HTML      bool // it was read from the HTML part
	Long      bool // the mail goes on after the bound; the rest is in the original only
}

// Class is what kind of mail it is, by the first signal that fits.
type Class string

// Classes. Only Personal and Weak may come from a person who waits for an answer.
const (
	Personal Class = "personal"
	Own      Class = "own"      // we sent it
	Bounce   Class = "bounce"   // a report about a mail that was sent: see Report
	Auto     Class = "auto"     // a machine wrote it: an absence note, a notification
	List     Class = "list"     // by way of a mailing list
	Reply    Class = "calendar" // the answer to an invitation
	Receipt  Class = "receipt"  // somebody's program says that a mail was shown
	Weak     Class = "weak"     // only the subject sounds automatic: it counts with an existing request alone
)

// Automatic reports whether no automatic answer may go to the sender.
func (c Class) Automatic() bool { return c != Personal }

// File is one attachment, not yet decoded. Part opens it from the raw mail.
type File struct {
	Part   string // its place in the mail: "2", "1.3"; "0" is the whole mail
	Name   string // cleaned: no path, nothing invisible, never empty
	Type   string // as the mail declares it, in small letters
	Size   int    // decoded bytes
	Inline bool   // the text refers to it
	Mail   *Inner // of a forwarded mail
}

// Inner is what a forwarded mail says of itself.
type Inner struct {
	From    Address
	Subject string
	Date    time.Time
}

// Refused says which limit of structure a mail broke.
type Refused struct {
	Limit string // size, header, fields, nesting or parts
	Found int    // at least
	Most  int
}

// Report is what a bounce or a complaint says.
type Report struct {
	Kind       ReportKind
	Recipients []Recipient
	// Original is the Message-ID of the mail it is about; Mentioned are further ids that stand in it, at most 50. Either is
	// compared with those we sent: a report that names none of ours and came to no return address of ours is backscatter.
	Original  string
	Mentioned []string
}

// ReportKind is the worst that a report says; empty when it says nothing of a delivery.
type ReportKind string

// Kinds of reports.
const (
	Failed    ReportKind = "failed"
	Delayed   ReportKind = "delayed"
	Delivered ReportKind = "delivered" // a success notice
	Complaint ReportKind = "complaint" // the recipient marked it as unwanted
)

// Recipient is what a report says about one address.
type Recipient struct {
	Address    string
	Action     ReportKind
	Status     string // "5.1.1", empty when unknown
	Diagnostic string // the words of the other server, in one line
}

// Hard reports whether further mail to the address is pointless.
func (r Recipient) Hard() bool { return r.Action == Failed && (r.Status == "" || r.Status[0] == '5') }
