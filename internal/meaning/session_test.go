package meaning_test

import (
	"time"
)

// grant is the table of what a session may do: what its scenario is for, and not more,
// until the end, from where it may, whoever asked STS for it.
func grant(s sample) []line {
	var lines []line
	own := s.acting(1)
	bearer := own.without(nil)
	wide := own.without(document(everything))
	for _, c := range s.inside {
		lines = append(lines,
			row(allowed, own.does(c), "within the grant %s is allowed", c.action),
			row(allowed, bearer.does(c), "%s is allowed by the role itself", c.action))
	}
	for _, c := range s.onlyWithout {
		lines = append(lines,
			row(denied, own.does(c), "the scenario narrows its sessions: %s is denied", c.action),
			row(allowed, bearer.does(c), "and it is the session's policy that narrows %s", c.action))
	}
	for _, c := range s.outside {
		lines = append(lines,
			row(denied, own.does(c), "%s is not what the scenario is for", c.action),
			row(denied, bearer.does(c), "whoever holds the web token and gives no session policy cannot %s", c.action),
			row(denied, wide.does(c), "whoever holds the web token and gives a session policy that allows everything cannot %s", c.action))
	}
	return append(append(lines, ends(s)...), places(s)...)
}

// ends are the rows about the end of a session, which its own policy holds (T43).
func ends(s sample) []line {
	var lines []line
	own := s.acting(1)
	for _, c := range s.inside {
		lines = append(lines, row(allowed, own.at(before.Add(-time.Second)).does(c), "%s is allowed in the last second", c.action))
		for late, after := range map[string]time.Duration{"at the end": 0, "a second after the end": time.Second, "a quarter of an hour later": 15 * time.Minute,
			"a day later": 24 * time.Hour} {
			lines = append(lines, row(denied, own.at(before.Add(after)).does(c), "nothing after the end: %s %s", c.action, late))
		}
		lines = append(lines, row(denied, own.at(before).with("aws:ViaAWSService", "true").does(c),
			"nothing after the end, through a service neither: %s", c.action))
	}
	return lines
}

// places are the rows about where a call comes from and which Region it goes to.
func places(s sample) []line {
	var lines []line
	own := s.acting(1)
	elsewhere := own.with("aws:SourceIp", "198.51.100.20")
	for _, c := range s.inside {
		lines = append(lines,
			row(len(s.networks) == 0, elsewhere.does(c), "%s from another address", c.action),
			row(allowed, elsewhere.with("aws:ViaAWSService", "true").does(c), "%s by a service on behalf of the session, from the service's address", c.action))
		if len(s.networks) > 0 {
			lines = append(lines, row(denied, own.with("aws:SourceIp").does(c), "%s through a VPC endpoint, which shows no address", c.action))
		}
	}
	for _, c := range s.regional() {
		for _, region := range []string{"us-east-1", "ap-southeast-2", "eu-west-1x"} {
			lines = append(lines, row(len(s.regions) == 0, own.with("aws:RequestedRegion", region).does(c), "%s in %s", c.action, region))
		}
		for _, region := range s.regions {
			lines = append(lines, row(allowed, own.with("aws:RequestedRegion", region).does(c), "%s in %s, which the scenario names", c.action, region))
		}
		if len(s.regions) > 0 {
			lines = append(lines, row(denied, own.without(nil).with("aws:RequestedRegion", "us-east-1").does(c),
				"%s in another Region by whoever holds the web token: the boundary says so too", c.action))
		}
	}
	for _, c := range s.global() {
		lines = append(lines, row(allowed, own.with("aws:RequestedRegion", "us-east-1").does(c),
			"%s, which answers from us-east-1 whatever the Regions of the scenario", c.action))
	}
	if s.fixed {
		for _, c := range s.inside {
			lines = append(lines, row(denied, elsewhere.without(nil).does(c),
				"%s from another address by whoever holds the web token: the boundary says so too", c.action))
		}
	}
	return lines
}

// twins is the table of the sessions that only probe: they read one thing, for which
// they are as good as the session that they stand for.
func twins(s sample) []line {
	twin, control := s.as(s.twin), s.as(s.control)
	lines := []line{
		row(allowed, twin.does(s.probe), "the twin makes the probe's read %s", s.probe.action),
		row(denied, twin.stopped(1).does(s.probe), "the twin is refused %s when its slot is stopped, as the session is", s.probe.action),
		row(allowed, twin.stopped(2).does(s.probe), "the twin is not refused when another slot is stopped"),
		row(allowed, control.does(s.probe), "the control session makes the probe's read"),
		row(denied, twin.with("aws:PrincipalTag/halligan-slot", "1").attached(s.stopAll...).does(s.probe), "the twin is refused when everything is stopped"),
	}
	for k := 1; k <= len(s.slots); k++ {
		lines = append(lines, row(allowed, control.stopped(k).does(s.probe), "the control session is not refused when slot %d is stopped", k))
	}
	for _, c := range append(s.inside, s.outside...) {
		if c.action != s.probe.action {
			lines = append(lines, row(denied, twin.does(c), "the twin does nothing but read: %s", c.action),
				row(denied, control.does(c), "the control session does nothing but read: %s", c.action))
		}
	}
	return lines
}
