package engine

import (
	"slices"

	"spindle/internal/billing"
	"spindle/internal/plan"
	"spindle/internal/store"
)

// knowledge is what is ours, indexed for an apply and kept in step with what the store remembers. The store stays the authority: it is
// loaded from there at the start of every apply.
type knowledge struct {
	lines     map[string]plan.Applied                            // by line key
	instances map[billing.ContractID][]billing.ContractServiceID // our contract services, by contract
	contracts map[string]billing.ContractID                      // by mark
	services  map[string]billing.ServiceID                       // by mark
	charges   map[string]plan.Charged                            // by charge key
}

func newKnowledge(m plan.Memory) *knowledge {
	k := &knowledge{lines: map[string]plan.Applied{}, instances: map[billing.ContractID][]billing.ContractServiceID{},
		contracts: m.Contracts, services: m.Services, charges: map[string]plan.Charged{}}
	for _, paper := range m.Charges {
		k.charges[paper.Key] = paper
	}
	for _, line := range m.Lines {
		k.learnLine(line)
	}
	return k
}

func (k *knowledge) learnLine(line plan.Applied) {
	k.lines[line.LineKey] = line
	if line.LineID != "" && !slices.Contains(k.instances[line.ContractID], line.LineID) {
		k.instances[line.ContractID] = append(k.instances[line.ContractID], line.LineID)
	}
}

// learn adds what an applied change brought.
func (k *knowledge) learn(u store.MemoryUpdate) {
	if u.Line != nil {
		k.learnLine(*u.Line)
	}
	if u.Contract.Mark != "" {
		k.contracts[u.Contract.Mark] = billing.ContractID(u.Contract.ID)
	}
	if u.Service.Mark != "" {
		k.services[u.Service.Mark] = billing.ServiceID(u.Service.ID)
	}
	if u.Charge != nil {
		k.charges[u.Charge.Key] = *u.Charge
	}
}
