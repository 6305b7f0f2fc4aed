package figma

// DefaultUsers returns the people of the Lumen studio and of the agency that draws for it.
func DefaultUsers() []User {
	return []User{
		{ID: "1310000000000000001", Handle: "Lin", Email: "lin@agency.example"},
		{ID: "1310000000000000002", Handle: "Ana Reyes", Email: "ana@lumen.example", Admin: true},
		{ID: "1310000000000000003", Handle: "Ben Osei", Email: "ben@lumen.example"},
		{ID: "1310000000000000004", Handle: "Chloé Roy", Email: "chloe@lumen.example"},
		{ID: "1310000000000000005", Handle: "Dana Wolf", Email: "dana@lumen.example", Admin: true},
		{ID: "1310000000000000006", Handle: "Eli Marsh", Email: "eli@lumen.example", Viewer: true},
		{ID: "1310000000000000007", Handle: "Maya Lind", Email: "maya@lumen.example", Viewer: true},
		{ID: "1310000000000000008", Handle: "Tom Berg", Email: "tom@lumen.example", Viewer: true},
		{ID: "1310000000000000009", Handle: "Ravi", Email: "ravi@lumen.example", Viewer: true},
	}
}

// DefaultTeams returns the one team of the studio.
func DefaultTeams() []Team { return []Team{{ID: "1012345678901234567", Name: "Lumen"}} }

// DefaultProjects returns the one project of the studio.
func DefaultProjects() []Project {
	return []Project{{ID: "210987654", Name: "Campaigns", Team: "1012345678901234567"}}
}

// DefaultFiles returns two files, each with one version that Lin saved.
func DefaultFiles() []File {
	first := func(label, description string) []Version {
		return []Version{{By: "Lin", Label: label, Description: description}}
	}
	return []File{
		{
			Key: "SpringBanner7QmX2vLk9R", Name: "Spring banner", Project: "210987654", Versions: first("v1 - first draft", "Colours and composition"),
			Frames: []Frame{{Node: "1:2", Name: "Hero 600x200", Width: 600, Height: 200}, {Node: "1:3", Name: "Box 300x250", Width: 300, Height: 250}},
		},
		{
			Key: "NovaLaunch4TzB8cWd1Hs5", Name: "Nova launch", Project: "210987654", Versions: first("v1 - key visual", "For the launch page"),
			Frames: []Frame{{Node: "4:11", Name: "Key visual", Width: 640, Height: 360}, {Node: "4:12", Name: "Story", Width: 270, Height: 480}},
		},
	}
}
