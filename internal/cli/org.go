package cli

import "context"

type orgCommand struct {
	Create orgCreate `cmd:"" help:"Add an MSP to this installation."`
	List   orgList   `cmd:"" help:"List the organizations."`
}

type orgCreate struct {
	Name string `arg:"" help:"The MSP's name, such as \"Northwind IT\"."`
}

// Run creates an organization.
func (c *orgCreate) Run(ctx context.Context, s *session) error {
	e, err := s.open(ctx)
	if err != nil {
		return err
	}
	org, err := e.CreateOrganization(ctx, c.Name, s.actor())
	if err != nil {
		return err
	}
	if s.globals.JSON {
		return s.printJSON(map[string]any{"id": org.ID, "name": org.Name, "enabled": org.Enabled})
	}
	s.printf("Created %s (%s). Next: spindle autotask credentials\n", org.Name, org.ID)
	return nil
}

type orgList struct{}

// Run lists organizations.
func (orgList) Run(ctx context.Context, s *session) error {
	e, err := s.open(ctx)
	if err != nil {
		return err
	}
	all, err := e.Store.Organizations(ctx)
	if err != nil {
		return err
	}
	if s.globals.JSON {
		views := []map[string]any{}
		for _, o := range all {
			views = append(views, map[string]any{"id": o.ID, "name": o.Name, "enabled": o.Enabled})
		}
		return s.printJSON(views)
	}
	if len(all) == 0 {
		s.printf("No organizations yet. Create one: spindle org create \"Northwind IT\"\n")
		return nil
	}
	t := table{headers: []string{"id", "name", "autotask"}}
	for _, o := range all {
		t.add(string(o.ID), o.Name, onOff(o.Enabled, "enabled", "disabled"))
	}
	t.write(s.Out)
	return nil
}

func onOff(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}
