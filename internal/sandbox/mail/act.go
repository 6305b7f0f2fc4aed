package mail

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
)

// WriteAs sends a new mail of a person (an address or a name) and returns its Message-ID. The error is the server's answer.
func (s *Server) WriteAs(who string, d Draft) (messageID string, err error) {
	me, err := s.Person(who)
	if err != nil {
		return "", err
	}
	return s.send(me, d)
}

// ReplyAs answers a letter that a person has, with the original quoted below as their mail program does, and returns the
// Message-ID.
func (s *Server) ReplyAs(who string, to Letter, text string, files ...File) (messageID string, err error) {
	me, err := s.Person(who)
	if err != nil {
		return "", err
	}
	return s.reply(me, to, Draft{Text: text, Files: files}, false)
}

// ReplyBetweenAs answers a letter line by line: below the first line of the original that holds the words stands the text,
// as people do who write in plain text.
func (s *Server) ReplyBetweenAs(who string, to Letter, words, text string) (messageID string, err error) {
	me, err := s.Person(who)
	if err != nil {
		return "", err
	}
	quoted := between(to, s.written(to))
	at := strings.Index(quoted, words)
	if at < 0 {
		return "", fmt.Errorf("the letter does not say %q", words)
	}
	at += strings.IndexByte(quoted[at:], '\n') + 1
	return s.reply(me, to, Draft{Text: quoted[:at] + "\n" + text + "\n\n" + quoted[at:], quoted: true}, false)
}

// ReplyAllAs is ReplyAs to everybody whom the letter names.
func (s *Server) ReplyAllAs(who string, to Letter, text string, files ...File) (messageID string, err error) {
	me, err := s.Person(who)
	if err != nil {
		return "", err
	}
	return s.reply(me, to, Draft{Text: text, Files: files}, true)
}

func (s *Server) reply(me Person, to Letter, said Draft, everybody bool) (string, error) {
	if strings.TrimSpace(said.Text) == "" && len(said.Files) == 0 {
		return "", errors.New("write something first")
	}
	d := s.answer(me, to, said, everybody)
	if len(d.To) == 0 {
		return "", errors.New("the letter does not say whom to answer")
	}
	d.Files = said.Files
	id, err := s.send(me, d)
	if err != nil {
		return "", err
	}
	s.mark(me.Address, to.ID, `\Seen`)
	s.mark(me.Address, to.ID, `\Answered`)
	return id, nil
}

// send writes a draft down and hands it in at the person's own server.
func (s *Server) send(me Person, d Draft) (string, error) {
	if len(d.To)+len(d.Cc) == 0 {
		return "", errors.New("say to whom")
	}
	from := (&mail.Address{Name: me.Name, Address: me.Address}).String()
	if d.ForgeFrom != "" {
		a, err := addresses.Parse(d.ForgeFrom)
		if err != nil {
			return "", fmt.Errorf("%q is no mail address", d.ForgeFrom)
		}
		from = a.String()
	}
	id := "<" + s.newID() + "@" + domainOf(me.Address) + ">"
	raw, err := d.write(from, id, s.opt.Now())
	if err != nil {
		return "", err
	}
	var to []string
	for _, one := range slices.Concat(d.To, d.Cc) {
		if a, err := addresses.Parse(one); err == nil && !slices.Contains(to, a.Address) { // those that are none were refused above
			to = append(to, a.Address)
		}
	}
	return id, s.Submit(me.Address, "", to, raw)
}
