package slack_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"signoff/internal/sandbox/slack"
)

// An app posts a card; somebody presses its button; the app hears of it.
func ExampleServer() {
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println("app hears of a press:", r.PostFormValue("payload") != "")
	}))
	defer app.Close()
	wire := httptest.NewUnstartedServer(nil)
	s := slack.New(slack.Options{
		Now: func() time.Time { return time.Unix(1772442000, 0) }, Origin: "http://" + wire.Listener.Addr().String(),
		BotToken: "xoxb-1", SigningSecret: "secret",
		Users:    []slack.User{{ID: "U0RAVI0001", Name: "ravi", RealName: "Ravi Nair"}},
		Channels: []slack.Channel{{ID: "C0LAUNCH01", Name: "launch", Members: []string{"U0RAVI0001"}}},
	})
	defer s.Close()
	s.Connect(app.URL)
	wire.Config.Handler = s.API()
	wire.Start()
	defer wire.Close()

	resp, err := http.PostForm(wire.URL+"/api/chat.postMessage", url.Values{
		"token": {"xoxb-1"}, "channel": {"C0LAUNCH01"}, "text": {"Spring banner needs you"},
		"blocks": {`[{"type":"actions","elements":[{"type":"button","action_id":"approve","text":{"type":"plain_text","text":"Approve"}}]}]`},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	card := s.Messages("C0LAUNCH01")[0]
	answer, err := s.PressButton("U0RAVI0001", card.Channel, card.TS, "Approve")
	fmt.Println(card.Text, answer.Status, err)
	// Output:
	// app hears of a press: true
	// Spring banner needs you 200 <nil>
}
