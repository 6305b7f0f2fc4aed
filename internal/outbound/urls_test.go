package outbound_test

// listedBases and listedHosts are the list that the URLs of offList are not on.
func listedBases() []string {
	return []string{"https://jira.lumen.example/base/", "http://127.0.0.1:4000/api/"}
}

func listedHosts() []string { return []string{"slack.com", ".slack.com", "Files.Vendor.example"} }

// offList are addresses that look like one of the list, or lead into a network, or speak something else.
func offList() []string {
	return []string{
		"https://slack.com.evil.example/", "https://evilslack.com/", "https://slack.com@evil.example/", "https://evil.example/slack.com",
		"https://evil.example#.slack.com", "https://evil.example?.slack.com", "https://.slack.com/", "https://slack.com./api",
		"https://hooks.slack.com./x", "https://slack.com:8443/", "https://slack.com:80/", "http://slack.com/", "http://hooks.slack.com/x",
		"http://slack.com:443/", "https://user@slack.com/", "https://user:pass@hooks.slack.com/", "https://@slack.com/",
		"https://ѕlack.com/", "https://sl\u0430ck.com/", "https://slack。com/", "https://xn--lack-dje.com/",
		"https://jira.lumen.example:8443/", "http://jira.lumen.example/", "https://x.jira.lumen.example/", "https://jira.lumen.example.evil/",
		"https://user@jira.lumen.example/", "https://jira.lumen.example./",
		"http://127.0.0.1/", "http://127.0.0.1:4001/", "https://127.0.0.1:4000/", "http://127.0.0.2:4000/", "http://localhost:4000/",
		"http://127.1:4000/", "http://2130706433:4000/", "http://0x7f000001:4000/", "http://0177.0.0.1:4000/", "http://0x7f.1:4000/",
		"http://[::1]:4000/", "http://[::ffff:7f00:1]:4000/", "http://[::ffff:127.0.0.1]:4000/", "http://[0:0:0:0:0:ffff:7f00:0001]:4000/",
		"http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://metadata.google.internal/", "http://0.0.0.0:4000/",
		"http://0/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/", "https://100.64.0.1/", "https://[fe80::1%25eth0]/",
		"https://[64:ff9b::7f00:1]/", "https://93.184.216.34/", "file:///etc/passwd", "gopher://slack.com/", "ftp://slack.com/",
		"data:text/plain,x", "javascript:alert(1)", "unix:///var/run/docker.sock", "https:slack.com", "https:///x", "https://",
		"//slack.com/x", "slack.com/x", "ws://slack.com/", "https://sub.files.vendor.example/", "https://slack.com\\@evil.example/",
		"https://evil.example\\.slack.com/", "https://slack.com%2eevil.example/", "https://slack.com\u2025/",
		"https://notslack.com/", "https://slack.com.", "https://x.slack.com./", "https://slackcom/", "https://slack.com.slack.com.evil.example/",
		"https://files.vendor.example.evil.example/", "https://evil-files.vendor.example/", "https://xfiles.vendor.example/", "https://vendor.example/",
		"https://jira.lumen.example:80/", "https://jira.lumen.example:0443x/", "https://jira.lumen.example%00.evil.example/", "https://lumen.example/",
		"https://xn--slck-5na.com/", "https://s\u200black.com/", "https://slack.com\u200b/", "https://\uff53lack.com/", "https://slack.c\u043em/",
		"https://slack.com:443@evil.example/", "https://slack.com%40evil.example/", "https://slack.com%2f@evil.example/", "https://evil.example%2f.slack.com/",
		"https://slack.com:443:443/", "https://slack.com:44３/", "https://slack.com:65979/", "https://slack.com:22/",
		"http://localhost/", "https://localhost/", "http://localhost.localdomain/", "http://a.localhost:4000/", "http://127.0.0.1.nip.io:4000/",
		"http://127.000.000.001:4000/", "http://017700000001:4000/", "http://0x7f.0x0.0x0.0x1:4000/", "http://127.0.1:4000/", "http://[::127.0.0.1]:4000/",
		"http://[::ffff:0:7f00:1]:4000/", "http://[0:0:0:0:0:0:0:1]:4000/", "http://[::1%25lo]:4000/", "https://[fe80::1%25lo]/", "https://[2002:7f00:1::]/",
		"https://[2002:a9fe:a9fe::]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::a9fe:a9fe]/", "https://[::ffff:a9fe:a9fe]/", "https://[::a9fe:a9fe]/",
		"http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://169.254.43518/", "http://169.254.170.2/v2/credentials",
		"http://100.100.100.200/latest/meta-data/", "https://192.0.0.192/", "https://224.0.0.1/", "https://255.255.255.255/", "https://[ff02::1]/",
		"https://[::]/", "https://0.0.0.0/", "https://1.1.1.1/", "https://[2606:4700:4700::1111]/", "ssh://slack.com/", "ldap://slack.com/", "dict://slack.com/",
		"jar:https://slack.com!/", "blob:https://slack.com/x", "about:blank", "view-source:https://slack.com/", "mailto:ana@slack.com",
	}
}
