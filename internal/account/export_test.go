package account

// HashCheaply lets tests that are not about hashing hash at little cost.
func (s *Service) HashCheaply() { s.hashes.cost.memoryKiB = 64 }
