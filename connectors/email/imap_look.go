package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	sizesAtOnce  = 200
	mostMissed   = 3   // how often a mail that cannot be read is tried
	mostUnmoved  = 500 // remembered to be moved
	leastNoStore = 2 * time.Second
)

// look takes what is new in the mailbox, the oldest first, one mail at a time: what cannot be kept stays where it is.
func (b *mailbox) look(ctx context.Context) error {
	b.moveAgain()
	uids, err := b.search()
	if err != nil {
		return b.failed("search", err)
	}
	for part := range slices.Chunk(uids, sizesAtOnce) {
		mails, err := b.sizes(part)
		if err != nil {
			return b.failed("sizes", err)
		}
		for _, m := range mails {
			if ctx.Err() != nil {
				return nil
			}
			kept, err := b.take(ctx, m)
			if err != nil {
				return err
			}
			if !kept {
				b.pause = min(max(2*b.pause, leastNoStore), mostPause)
				b.c.d.Log.Warn("mail is left in the mailbox: it cannot be kept just now", "again in", b.pause)
				return nil
			}
			b.pause = 0
		}
	}
	b.pause = 0
	return nil
}

// search lists what stands behind the checkpoint. "n:*" always names the last mail, so what is not behind it is dropped.
func (b *mailbox) search() (uids []imap.UID, err error) {
	err = b.ask(askTime, func() error {
		from := imap.UIDSet{imap.UIDRange{Start: b.at.Last + 1}}
		data, err := b.cl.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{from}}, nil).Wait()
		if err != nil {
			return err
		}
		uids = data.AllUIDs()
		return nil
	})
	uids = slices.DeleteFunc(uids, func(u imap.UID) bool { return u <= b.at.Last })
	slices.Sort(uids)
	return slices.Compact(uids), err
}

// waiting is a mail in the mailbox that was not read yet.
type waiting struct {
	uid  imap.UID
	size int64
	at   time.Time
}

// sizes asks how large mails are before any is read.
func (b *mailbox) sizes(uids []imap.UID) (list []waiting, err error) {
	err = b.ask(fetchTime, func() error {
		got, err := b.cl.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, RFC822Size: true, InternalDate: true}).Collect()
		for _, m := range got {
			if slices.Contains(uids, m.UID) {
				list = append(list, waiting{uid: m.UID, size: m.RFC822Size, at: m.InternalDate})
			}
		}
		return err
	})
	slices.SortFunc(list, func(a, b waiting) int { return int(int64(a.uid) - int64(b.uid)) })
	return slices.CompactFunc(list, func(a, b waiting) bool { return a.uid == b.uid }), err
}

var (
	errTooMuch = errors.New("the server sends more than it said")
	errNoBody  = errors.New("the server lists the mail and does not send it")
)

// take reads one mail, hands it over, remembers that, and only then moves it away.
func (b *mailbox) take(ctx context.Context, m waiting) (kept bool, err error) {
	e := envelope{By: "imap", At: m.at}
	section := &imap.FetchItemBodySection{Peek: true}
	if m.size > mostMail {
		e.Size = m.size
		section.Specifier = imap.PartSpecifierHeader
	}
	raw, err := b.fetch(m.uid, section)
	switch {
	case err != nil && b.spoiled(m.uid):
		b.c.d.Log.Error("a mail cannot be read from the mailbox and is left there", "uid", m.uid, "error", plain(err))
		b.passed(m.uid, "")
		return true, b.failed("read", err)
	case err != nil:
		return false, b.failed("read", err)
	case raw == nil: // somebody took it away meanwhile
		b.passed(m.uid, "")
		return true, nil
	}
	if !b.c.hand(ctx, b.deliver, raw, e, b.c.d.Now()) {
		return false, nil
	}
	folder := b.set.Done
	switch b.c.sort(raw, e) {
	case sortFailed:
		folder = b.set.Failed
	case sortAuto:
		folder = b.set.Auto
	}
	b.c.brought.Store(true)
	b.passed(m.uid, folder)
	b.moveAgain()
	return true, nil
}

// spoiled counts how often a mail could not be read; true when it is enough.
func (b *mailbox) spoiled(uid imap.UID) bool {
	key := fmt.Sprintf("c/spoiled/%d/%d", b.at.Validity, uid)
	_, _, err := b.c.within(context.Background(), key, keepCounts, mostMissed)
	var times []time.Time
	if ok, _ := b.c.memory.Load(context.Background(), key, &times); err != nil || !ok {
		return false
	}
	return len(times) >= mostMissed
}

// fetch reads a section of one mail; nil when the mail is not there any more.
func (b *mailbox) fetch(uid imap.UID, section *imap.FetchItemBodySection) (raw []byte, err error) {
	there := false
	err = b.ask(fetchTime, func() error {
		cmd := b.cl.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
			got, err := b.literal(msg)
			if err != nil {
				_ = b.conn.Close() // the rest of it would have to be read
				return err         // the library's reader has gone on already; asking the command anything would read beside it
			}
			if got != nil {
				raw = got
			}
			there = there || msg.SeqNum > 0
		}
		return cmd.Close()
	})
	if err == nil && there && raw == nil {
		err = errNoBody
	}
	return raw, err
}

// literal reads the body in an answer.
func (b *mailbox) literal(msg *imapclient.FetchMessageData) (raw []byte, err error) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		body, ok := item.(imapclient.FetchItemDataBodySection)
		if !ok || body.Literal == nil {
			continue
		}
		if raw, err = io.ReadAll(io.LimitReader(body.Literal, mostMail+1)); err != nil {
			return nil, err
		}
		if len(raw) > mostMail {
			_ = b.conn.Close()
			_, _ = io.Copy(io.Discard, body.Literal) // lets the library's reader go
			return nil, errTooMuch
		}
		if int64(len(raw)) != body.Literal.Size() {
			return nil, io.ErrUnexpectedEOF // half a mail is none
		}
		if raw == nil {
			raw = []byte{}
		}
	}
	return raw, nil
}

// passed remembers that everything up to uid was dealt with, and where it still has to be moved.
func (b *mailbox) passed(uid imap.UID, folder string) {
	b.at.Last = max(b.at.Last, uid)
	b.at.Unmoved = maps.Clone(b.at.Unmoved)
	if folder != "" && len(b.at.Unmoved) < mostUnmoved {
		if b.at.Unmoved == nil {
			b.at.Unmoved = map[imap.UID]string{}
		}
		b.at.Unmoved[uid] = folder
	}
	b.c.memory.Note(b.key, b.at)
}

// moveAgain moves what is kept out of the mailbox. What cannot be moved stays and is tried again with the next look: it
// was taken, and is not taken twice.
func (b *mailbox) moveAgain() {
	if len(b.at.Unmoved) == 0 {
		return
	}
	left := maps.Clone(b.at.Unmoved)
	for _, uid := range slices.Sorted(maps.Keys(b.at.Unmoved)) {
		folder, ok := b.folders[b.at.Unmoved[uid]]
		if !ok { // the settings have named another since
			folder = b.folders[b.set.Done]
		}
		if err := b.move(uid, folder); err != nil {
			b.c.d.Log.Warn("a mail that is kept stays in the mailbox for now", "uid", uid, "folder", b.at.Unmoved[uid], "error", plain(err))
			if b.cl.State() != imap.ConnStateSelected {
				break
			}
			continue
		}
		delete(left, uid)
	}
	b.at.Unmoved = left
	b.c.memory.Note(b.key, b.at)
}

// move puts a mail into a folder. Without MOVE it is copied, and deleted only once the copy is there; it is expunged only
// where that can name this one mail.
func (b *mailbox) move(uid imap.UID, folder string) error {
	set := imap.UIDSetNum(uid)
	return b.ask(fetchTime, func() error {
		err := b.moveOrCopy(set, folder)
		var said *imap.Error
		if errors.As(err, &said) && said.Type == imap.StatusResponseTypeNo { // the folder may have been deleted meanwhile
			if b.cl.Create(folder, nil).Wait() == nil {
				err = b.moveOrCopy(set, folder)
			}
		}
		return err
	})
}

func (b *mailbox) moveOrCopy(set imap.UIDSet, folder string) error {
	if b.caps.Has(imap.CapMove) {
		_, err := b.cl.Move(set, folder).Wait()
		return err
	}
	if _, err := b.cl.Copy(set, folder).Wait(); err != nil {
		return err
	}
	flags := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := b.cl.Store(set, flags, nil).Close(); err != nil {
		return err
	}
	if !b.caps.Has(imap.CapUIDPlus) {
		return nil
	}
	return b.cl.UIDExpunge(set).Close()
}
