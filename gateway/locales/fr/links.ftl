# Les liaisons : leur état, les postes d’une commune, et ce qu’un référent peut y faire.

links-title = Liaisons
links-none = Aucune commune n’est encore connue. Commencez par en donner la liste.
links-add-communes = Ajouter des communes
links-caption = Toutes les liaisons, celles qui demandent de l’attention d’abord
links-column-commune = Commune et poste
links-column-state = État
links-column-age = Dernier signe
links-column-round-trip = Aller-retour
links-column-loss = Pertes
links-column-received = Reçu
links-column-sent = Envoyé
links-column-version = Version

links-state-offline = Hors ligne
links-state-doubtful = Incertaine
links-state-never = Jamais vue
links-state-online = En ligne
links-count-offline = { $count } hors ligne
links-count-doubtful = { $count ->
    [one] { $count } incertaine
   *[other] { $count } incertaines
}
links-count-never = { $count ->
    [one] { $count } jamais vue
   *[other] { $count } jamais vues
}
links-count-online = { $count } en ligne
links-count-without = { $count ->
    [one] { $count } commune sans poste
   *[other] { $count } communes sans poste
}
links-without = { $count ->
    [one] Une commune sans poste
   *[other] { $count } communes sans poste
}
links-invite = Créer des bons de raccordement

links-service-silent = Le service des liaisons ne répond plus (premier échec { $since }). Les changements attendent qu’il revienne.

# Durées et volumes. L’espace devant l’unité est insécable.
links-age-seconds = il y a { $count } s
links-age-minutes = il y a { $count } min
links-age-hours = il y a { $count } h
links-age-days = il y a { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}
links-milliseconds = { $count } ms
links-seconds = { $count } s
links-percent = { $count } %
links-bytes = { $count ->
    [one] { $count } octet
   *[other] { $count } octets
}
links-kilobytes = { $count } ko
links-megabytes = { $count } Mo
links-gigabytes = { $count } Go

# Une commune et ses postes.
links-all = Toutes les liaisons
links-seat = Siège de la communauté de communes.
links-no-machine = Cette mairie n’a pas encore de poste.
links-no-machine-left = Cette mairie n’a plus de poste.
links-is-referents = Ce poste ouvre la page d’administration.
links-fact-words = Quatre mots
links-fact-words-hint = Comparez-les, par téléphone, avec ceux que le poste affiche. S’ils sont différents, retirez ce poste.
links-no-age = aucun
links-fact-version = Programme
links-fact-addresses = Adresses
links-fact-endpoint = Vu depuis
links-fact-key = Clé publique
links-fact-enrolled = Raccordé
links-history = Historique du poste « { $machine } »
links-invite-first = Créer un bon de raccordement
links-invite-one = Créer un bon pour un autre poste
links-replace = Remplacer
links-give-up = Renoncer

links-rename = Renommer
links-rename-commune = Renommer la commune
links-remove-commune = Supprimer la commune
links-rename-machine = Renommer le poste
links-rename-lead = Nom actuel : { $name }
links-rename-label = Nouveau nom
links-rename-button = Renommer
links-renamed = Le nouveau nom est enregistré.
links-former-name = s’appelait { $name }
links-name-empty = Écrivez un nom.
links-name-too-long = Ce nom est trop long : { $longest } caractères au plus.
links-name-unprintable = Ce nom contient un caractère invisible. Retapez-le.
links-commune-name-taken = Une autre commune porte déjà ce nom.
links-machine-name-taken = Un autre poste de cette mairie porte déjà ce nom.

links-give-role = Ouvrir l’administration à ce poste
links-take-role = Fermer l’administration à ce poste
links-role-given = La page d’administration s’ouvre maintenant sur ce poste, à qui a un compte.
links-role-taken = La page d’administration ne s’ouvre plus sur ce poste.

links-revoke = Retirer
links-revoke-title = Retirer un poste
links-revoke-lead = Le poste « { $machine } », { $town_hall }, n’aura plus accès au réseau.
links-revoke-for-good = Il est coupé aussitôt. Pour le faire revenir, il faudra un nouveau bon.
links-revoke-reason = Pourquoi
links-revoke-reason-hint = Par exemple : volé, en panne, mis au rebut. Cela reste dans l’historique.
links-revoke-commune = Nom de la commune
links-revoke-commune-hint = Pour être sûr que c’est le bon poste, tapez : { $commune }
links-revoke-button = Retirer ce poste
links-revoke-no-reason = Dites pourquoi ce poste est retiré.
links-revoke-long-reason = Cette raison est trop longue : { $longest } caractères au plus.
links-revoke-other-commune = Ce n’est pas le nom de la commune de ce poste. Tapez : { $commune }
links-revoked = Le poste est retiré : il n’a plus accès au réseau.
links-revoked-later = Le poste est retiré, mais le service des liaisons ne répond pas : il sera coupé dès que le service répondra.
links-already-revoked = Ce poste a déjà été retiré.
links-revoked-title = Postes retirés
links-revoked-how = retiré le { $day } par { $who } : { $reason }
links-replace-revoked = Faire revenir à sa place
