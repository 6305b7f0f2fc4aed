package jira

import (
	"net/http"
	"slices"
	"strings"
)

// permissions are those the site knows, with the names people see.
func permissions() map[string]string {
	return map[string]string{
		"BROWSE_PROJECTS": "Browse Projects", "CREATE_ISSUES": "Create Issues", "EDIT_ISSUES": "Edit Issues",
		"DELETE_ISSUES": "Delete Issues", "ASSIGN_ISSUES": "Assign Issues", "ASSIGNABLE_USER": "Assignable User",
		"TRANSITION_ISSUES": "Transition Issues", "SCHEDULE_ISSUES": "Schedule Issues", "MOVE_ISSUES": "Move Issues",
		"ADD_COMMENTS": "Add Comments", "EDIT_OWN_COMMENTS": "Edit Own Comments", "DELETE_OWN_COMMENTS": "Delete Own Comments",
		"EDIT_ALL_COMMENTS": "Edit All Comments", "DELETE_ALL_COMMENTS": "Delete All Comments",
		"CREATE_ATTACHMENTS": "Create Attachments", "DELETE_OWN_ATTACHMENTS": "Delete Own Attachments",
		"DELETE_ALL_ATTACHMENTS": "Delete All Attachments",
		"LINK_ISSUES":            "Link Issues", "MANAGE_WATCHERS": "Manage Watchers", "RESOLVE_ISSUES": "Resolve Issues",
		"MODIFY_REPORTER": "Modify Reporter", "USER_PICKER": "Browse users and groups", "ADMINISTER": "Administer Jira",
		"ADMINISTER_PROJECTS": "Administer Projects", "SYSTEM_ADMIN": "Jira System Administrators",
	}
}

// global tells the permissions of the site from those of a project.
func global(permission string) bool {
	return slices.Contains([]string{"USER_PICKER", "ADMINISTER", "SYSTEM_ADMIN"}, permission)
}

// ungranted are the permissions that an ordinary account does not have.
func ungranted() []string {
	return []string{"ADMINISTER", "ADMINISTER_PROJECTS", "SYSTEM_ADMIN", "EDIT_ALL_COMMENTS", "DELETE_ALL_COMMENTS", "DELETE_ALL_ATTACHMENTS"}
}

// Deny takes permissions, such as "TRANSITION_ISSUES", from the product's account.
func (s *Server) Deny(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range permissions {
		s.denied[p] = true
	}
	s.wake()
}

// Grant gives permissions to the product's account, also those that an ordinary account lacks, such as "ADMINISTER".
func (s *Server) Grant(permissions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range permissions {
		delete(s.denied, p)
	}
	s.wake()
}

func (s *Server) lacks(permission string) bool { return s.denied[permission] }

// forbidden answers a call without the permission with the status that the operation documents for it.
func forbidden(op, permission string) *reply {
	name := permissions()[permission]
	switch op {
	case "addComment", "updateComment", "deleteComment", "doTransition", "createIssue", "editIssue":
		return problem(http.StatusBadRequest, "You do not have the permission '"+name+"'.")
	}
	return problem(http.StatusForbidden, "You do not have the permission '"+name+"'.")
}

// issueOf finds the issue that a path names, as far as the account may see it and the call may change it.
func (s *Server) issueOf(c call) (*issue, *reply) {
	iss := s.find(c.path["key"])
	if iss == nil || iss.hidden || c.by != nil && c.by.AccountID == "" || s.lacks("BROWSE_PROJECTS") {
		return nil, problem(http.StatusNotFound, s.unseen())
	}
	if c.writes && (iss.archived || s.archived[iss.project.Key]) {
		return nil, problem(http.StatusBadRequest, "Issue "+iss.key+" is archived. You can view it, but you can't edit it.")
	}
	return iss, nil
}

// unseen is the message for an issue that is not there or not shown.
func (s *Server) unseen() string {
	if s.cloud() {
		return "Issue does not exist or you do not have permission to see it."
	}
	return "Issue Does Not Exist"
}

// isBot tells the product's account from people.
func (s *Server) isBot(u *User) bool { return strings.EqualFold(u.Email, s.opt.User) }
