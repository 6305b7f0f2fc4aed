package slack

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// formHandler is one form of the pages: it acts for the user and says where to go; "" is where the form was.
type formHandler func(p pages, user string, r *http.Request) (string, error)

func (p pages) forms(mux *http.ServeMux) {
	for name, do := range map[string]formHandler{
		"post": pages.post, "edit": pages.edit, "delete": pages.remove, "react": pages.react,
		"shortcut": pages.shortcut, "global": pages.global, "act": pages.act, "modal": pages.modalForm,
		"home": pages.openHome, "messages": pages.openMessages, "invite": pages.invite, "unreact": pages.unreact, "unfile": pages.unfile,
	} {
		mux.HandleFunc("POST /u/{user}/"+name, func(w http.ResponseWriter, r *http.Request) {
			user := r.PathValue("user")
			p := p.at(r)
			p.s.dismiss(user)
			before := p.s.Version()
			to, err := do(p, user, r)
			p.settle(r.Context(), before)
			if err != nil {
				p.s.toast(user, sentence(err))
			}
			if to == "" {
				to = p.back(r)
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
		})
	}
	mux.HandleFunc("POST /u/{user}/link", p.of(pages.link))
}

// settle gives the app a moment to react when nothing has changed yet, so that a page without script
// already shows the modal or the note that follows a click.
func (p pages) settle(ctx context.Context, before int) {
	ctx, cancel := context.WithTimeout(ctx, p.s.opt.Settle)
	defer cancel()
	_ = p.s.Wait(ctx, func(s *Server) bool { return s.Version() != before }) // nothing came: the page shows what there is
}

// sentence makes an error readable in a notice.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// post sends a message, or runs a slash command.
func (p pages) post(user string, r *http.Request) (string, error) {
	channel, thread, typed := r.PostFormValue("channel"), r.PostFormValue("thread"), r.PostFormValue("text")
	typed = strings.TrimSpace(strings.ReplaceAll(typed, "\r\n", "\n"))
	command, rest, _ := strings.Cut(typed, " ")
	files, err := attached(r)
	if err != nil {
		return "", err
	}
	switch {
	case typed == "" && len(files) == 0:
		return "", nil
	case len(files) > 0 || !strings.HasPrefix(command, "/") || strings.Contains(command[1:], "/"):
		_, err := p.s.Say(Post{
			User: user, Channel: channel, Text: p.s.Compose(typed), Thread: thread, Files: files,
			Broadcast: r.PostFormValue("broadcast") != "",
		})
		return "", err
	case !slices.Contains(p.s.opt.Commands, command):
		return "", errors.New(command + " is not a valid command")
	case thread != "":
		return "", errors.New(command + " is not supported in threads. Sorry")
	}
	_, err = p.s.SlashCommand(user, channel, command, p.s.Compose(strings.TrimSpace(rest)))
	return "", err
}

// attached reads the files of the composer, and the link to a file kept elsewhere.
func attached(r *http.Request) ([]Upload, error) {
	var out []Upload
	if r.MultipartForm != nil {
		for _, part := range r.MultipartForm.File["file"] {
			f, err := part.Open()
			if err != nil {
				return nil, err
			}
			data, err := io.ReadAll(f)
			f.Close()
			if err != nil {
				return nil, err
			}
			out = append(out, Upload{Name: part.Filename, Data: data})
		}
	}
	if address := strings.TrimSpace(r.PostFormValue("link_url")); address != "" {
		out = append(out, Upload{Name: firstOf(strings.TrimSpace(r.PostFormValue("link_name")), address), URL: address})
	}
	return out, nil
}

func (p pages) edit(user string, r *http.Request) (string, error) {
	text := strings.TrimSpace(r.PostFormValue("text"))
	if text == "" {
		return "", errors.New("a message cannot become empty; delete it instead")
	}
	return "", p.s.EditAs(user, r.PostFormValue("channel"), r.PostFormValue("ts"), p.s.Compose(text))
}

func (p pages) remove(user string, r *http.Request) (string, error) {
	return "", p.s.DeleteAs(user, r.PostFormValue("channel"), r.PostFormValue("ts"))
}

func (p pages) react(user string, r *http.Request) (string, error) {
	return "", p.s.ReactAs(user, r.PostFormValue("channel"), r.PostFormValue("ts"), emojiTyped(r.PostFormValue("name")))
}

func (p pages) unreact(user string, r *http.Request) (string, error) {
	return "", p.s.UnreactAs(user, r.PostFormValue("channel"), r.PostFormValue("ts"), r.PostFormValue("name"))
}

// emojiTyped is the name of an emoji as people write it, with or without colons.
func emojiTyped(name string) string {
	name = strings.Trim(strings.TrimSpace(strings.ToLower(name)), ":")
	if base, tone, ok := strings.Cut(name, ":skin-tone"); ok {
		return strings.TrimSuffix(base, ":") + "::skin-tone" + tone // ":+1::skin-tone-3:"
	}
	return name
}

// unfile deletes a file of the person.
func (p pages) unfile(user string, r *http.Request) (string, error) {
	return "", p.s.DeleteFileAs(user, r.PostFormValue("file"))
}

func (p pages) shortcut(user string, r *http.Request) (string, error) {
	_, err := p.s.OpenShortcut(user, r.PostFormValue("channel"), r.PostFormValue("ts"), r.PostFormValue("callback"))
	return "", err
}

func (p pages) global(user string, r *http.Request) (string, error) {
	_, err := p.s.GlobalShortcut(user, r.PostFormValue("callback"))
	return "", err
}

func (p pages) openHome(user string, _ *http.Request) (string, error) {
	return p.s.userPath(user) + "/home", p.s.OpenHome(user)
}

func (p pages) openMessages(user string, _ *http.Request) (string, error) {
	id, err := p.s.OpenMessages(user)
	return p.s.channelPath(user, id), err
}

func (p pages) invite(user string, r *http.Request) (string, error) {
	return "", p.s.Join(p.s.opt.Bot.UserID, r.PostFormValue("channel"), user)
}

// elementName names an element in a form: its block's id, a slash and its own id, both as parts of a path, because ids
// may hold slashes themselves.
func elementName(block, e object) string {
	return url.PathEscape(str(block, "block_id")) + "/" + url.PathEscape(str(e, "action_id"))
}

// elementIDs reads elementName back.
func elementIDs(name string) (block, action string) {
	block, action, _ = strings.Cut(name, "/")
	for _, id := range []*string{&block, &action} {
		if plain, err := url.PathUnescape(*id); err == nil {
			*id = plain
		}
	}
	return block, action
}

// act uses an element of a message. The field "do" names it as "block/action"; what was picked comes in a
// field of that name, or as "value" from a menu.
func (p pages) act(user string, r *http.Request) (string, error) {
	name := r.PostFormValue("do")
	block, action := elementIDs(name)
	act := Action{
		User: user, Channel: r.PostFormValue("channel"), TS: r.PostFormValue("ts"), BlockID: block, ActionID: action,
		Values: append(r.PostForm["f:"+name], r.PostForm["value"]...),
	}
	act.Look, _ = strconv.Atoi(r.PostFormValue("look")) // "" = as it is
	if act.Channel == "" {
		if r.PostFormValue("sure") == "" && p.s.asks(act) {
			return with(p.back(r), "ask", strings.Join(append([]string{"view", name}, act.Values...), "/")), nil
		}
		_, err := p.s.ActInView(act)
		return "", err
	}
	if r.PostFormValue("sure") == "" && p.s.asks(act) {
		ask := strings.Join(append([]string{act.TS, name}, act.Values...), "/")
		return with(p.back(r), "ask", ask), nil
	}
	_, err := p.s.Act(act)
	return "", err
}

// asks reports whether an element wants a confirmation first.
func (s *Server) asks(act Action) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var blocks []any
	if act.Channel != "" {
		m, err := s.seen(act)
		if err != nil {
			return false
		}
		blocks = m.seenAs(act.Look)
	} else if v := s.homes[act.User]; v != nil {
		blocks = list(v.body["blocks"])
	}
	_, e := findElement(blocks, act.BlockID, act.ActionID)
	return obj(e["confirm"]) != nil
}

// link presses a button that carries an address, and opens it.
func (p pages) link(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	if _, err := p.act(user, r); err != nil {
		p.s.toast(user, sentence(err))
	}
	u, err := url.Parse(r.PostFormValue("url"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		http.Error(w, "this button has no address that can be opened", http.StatusBadRequest)
		return
	}
	p.render(w, "leaving", page{Prefix: p.s.opt.Prefix, Here: u.String(), Team: p.s.opt.Team.Name})
}

// modalForm stores everything entered and then does what the pressed button says: "submit", "close",
// "change:block/action" or "press:block/action".
func (p pages) modalForm(user string, r *http.Request) (string, error) {
	do := r.PostFormValue("do")
	if err := p.s.enterForm(user, r.PostForm); err != nil {
		return "", err
	}
	verb, name, _ := strings.Cut(do, ":")
	switch verb {
	case "close":
		return "", p.s.CloseModal(user, false)
	case "change":
		block, action := elementIDs(name)
		_, err := p.s.dispatch(user, block+"/"+action)
		return "", err
	case "press":
		block, action := elementIDs(name)
		_, err := p.s.PressInView(user, block, action)
		return "", err
	}
	_, err := p.s.SubmitModal(user, nil)
	return "", err
}

// enterForm stores the fields of the modal's form.
func (s *Server) enterForm(user string, fields url.Values) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.top(user)
	if v == nil || v.id != fields.Get("view") {
		return errors.New("that form was closed meanwhile")
	}
	for _, b := range list(v.body["blocks"]) {
		for _, e := range elementsOf(obj(b)) {
			if _, keeps := slotOf(str(e, "type")); !keeps {
				continue
			}
			values := slices.Clone(fields["f:"+elementName(obj(b), e)])
			for i := range values {
				values[i] = strings.ReplaceAll(values[i], "\r\n", "\n")
			}
			if err := v.set(obj(b), e, values); err != nil {
				return err
			}
		}
	}
	return nil
}
