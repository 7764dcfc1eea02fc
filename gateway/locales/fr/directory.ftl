# Les personnes de l’annuaire : leurs fonctions et leurs groupes.

directory-function-president = président
directory-function-vice-president = vice-président
directory-function-mayor = maire
directory-function-deputy-mayor = adjoint au maire
directory-function-delegate = délégué communautaire
directory-function-councillor = conseiller municipal
directory-function-secretary = secrétaire de mairie
directory-function-project-officer = chargé de mission
directory-function-referent = référent

directory-functions-president = présidents
directory-functions-vice-president = vice-présidents
directory-functions-mayor = maires
directory-functions-deputy-mayor = adjoints au maire
directory-functions-delegate = délégués communautaires
directory-functions-councillor = conseillers municipaux
directory-functions-secretary = secrétaires de mairie
directory-functions-project-officer = chargés de mission
directory-functions-referent = référents

directory-group-commission = commission
directory-group-steering-committee = comité de pilotage
directory-group-advisory-council = conseil consultatif
