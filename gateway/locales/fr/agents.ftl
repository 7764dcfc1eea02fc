# Ce que la passerelle répond à un poste qui se raccorde.
agents-malformed = La passerelle n’a pas compris la demande de ce poste. Mettez à jour beffroi-agent, puis recommencez.
