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
links-state-idle = Au repos
links-count-idle = { $count } au repos
links-without-agent = sans agent
links-is-without-agent = Appareil sans agent : il utilise le programme WireGuard.
links-add-device = Ajouter un appareil sans agent
links-device = Configuration
links-carried = par le port 443, plus lente
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
links-kilobits = { $count } kbit/s
links-megabits = { $count } Mbit/s
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

# L’historique : 90 jours sur la page d’une commune, 24 mois sur une feuille pour les élus.
links-lasting-minutes = { $minutes } min
links-lasting-hours = { $hours } h { $minutes }
links-lasting-days = { $days } j { $hours } h
links-history-title = Disponibilité des 90 derniers jours
links-history-none = Pas encore d’historique : il commence quand un poste est vu pour la première fois.
links-history-share = En ligne { $percent } % du temps observé.
links-history-never-down = Aucune coupure.
links-history-down = { $count ->
    [one] Un jour avec coupure, { $duration } en tout.
   *[other] { $count } jours avec coupure, { $duration } en tout.
}
links-history-round-trip = Aller-retour moyen : { $duration }.
links-history-today = aujourd’hui
links-history-legend = Une barre par jour : pleine, toujours en ligne ; coupée en haut, hors ligne une partie du temps ; un trait au pied, la passerelle n’observait pas.
links-history-days = Les jours de coupure
links-history-day = { $day } : hors ligne { $duration }, entre { $from } h et { $to } h
links-history-more = { $count ->
    [one] et un autre jour
   *[other] et { $count } autres jours
}
links-months-link = Les liaisons sur 24 mois, à imprimer
links-months-title = Les liaisons de la communauté, 24 derniers mois
links-months-period = Du { $first } au { $last }.
links-months-summary = { $communes ->
    [one] La liaison d’une commune a été en ligne { $percent } % du temps observé.
   *[other] Les liaisons de { $communes } communes ont été en ligne { $percent } % du temps observé.
}
links-months-never-down = { $count ->
    [0] Toutes ont connu une coupure.
    [one] Une n’a connu aucune coupure.
   *[other] { $count } n’ont connu aucune coupure.
}
links-months-worst = La moins disponible : { $commune } ({ $percent } %).
links-months-commune = Commune
links-months-bars = Mois par mois
links-months-share = En ligne
links-months-days = Jours avec coupure
links-months-carried = Échangé
links-months-without = Sans historique : { $communes }.
links-months-legend = Une barre par mois : pleine, toujours en ligne ; coupée en haut, hors ligne une partie du temps ; un trait au pied, pas encore observé. Le temps où la passerelle elle-même était arrêtée n’est pas compté.

# Les horaires d’ouverture d’une mairie, et les alertes qui les suivent.
links-hours-known = Ouverte : { $hours }.
links-hours-unknown = Horaires d’ouverture inconnus : les alertes suivent lun-ven 9h-17h.
links-hours-change = Changer les horaires
links-details = Code INSEE, habitants, adresse et téléphone de la mairie
links-hours-title = Horaires d’ouverture
links-hours-lead = { $town_hall } : une liaison coupée pendant ces heures donne une alerte.
links-hours-label = Horaires
links-hours-hint = Par exemple : lun 9h-12h, mar 14h-17h30. Ou bien : du lundi au vendredi de 9 h à midi. Laissez vide si vous ne les connaissez pas. Les jours fériés comptent comme fermés.
links-hours-button = Enregistrer
links-hours-saved = Horaires enregistrés : { $hours }.
links-hours-emptied = Horaires effacés : les alertes suivent maintenant lun-ven 9h-17h.
links-hours-too-long = C’est trop long : écrivez seulement les jours et les heures.
links-hours-word = « { $said } » n’est ni un jour ni une heure. Écrivez par exemple : lun 9h-12h.
links-hours-no-day = Quel jour ? Écrivez-le devant « { $said } », par exemple : lun { $said }.
links-hours-no-time = À quelle heure ? Écrivez-la derrière « { $said } », par exemple : { $said } 9h-12h.
links-hours-no-end = Jusqu’à quelle heure ? Écrivez-la derrière « { $said } », par exemple : { $said }-18h.
links-hours-no-such-time = L’heure « { $said } » n’existe pas. Écrivez par exemple 9h ou 17h30.
links-hours-backwards = « { $said } » finit avant d’avoir commencé. Inversez les deux heures.
links-hours-overlap = Deux horaires se recouvrent le même jour ({ $said }). Gardez-en un.
links-alerts = { $count ->
    [one] Une alerte
   *[other] { $count } alertes
}
links-alert-town-hall = { $town_hall } : hors ligne depuis { $duration }, à un moment où elle est ouverte.
links-alert-line = { $down } mairies sur { $of } ont été coupées ensemble il y a { $duration } : c’est sans doute la ligne internet de la passerelle. Vérifiez-la avant d’appeler les mairies.

# Ce qui ne va pas, et que faire.
links-fact-quality = Ligne
links-fact-jitter = Variation
links-cause-narrow = La ligne perd les gros paquets.
links-fact-narrow = Plus gros paquet
links-narrow = { $count } octets
links-narrow-hint = La ligne perd les paquets plus gros, et la liaison s’y est adaptée.
links-fact-outage = Dernier ennui, dit par le poste
links-quality-good = bonne
links-quality-slow = lente
links-quality-unsteady = instable
links-quality-lossy = irrégulière
links-outage-lasted = { $cause } (pendant { $time })
links-advice-never = Ce poste a été raccordé, mais il n’a jamais appelé avec sa propre clé.
links-advice-never-remedy = À la mairie, tapez : beffroi-agent status. Si le service ne tourne pas : sudo systemctl start beffroi-agent
links-advice-offline = Le poste est éteint, ou sa ligne est coupée.
links-advice-offline-remedy = Appelez la mairie : le poste est-il allumé, a-t-il internet ? À la mairie, tapez : beffroi-agent doctor. Il dit ce qui ne va pas.
links-advice-doubtful = Le poste n’a pas donné signe depuis trois minutes.
links-advice-doubtful-remedy = Attendez deux minutes : il est peut-être en train de redémarrer.
links-advice-no-probe = Le tunnel est ouvert, mais le programme du poste ne répond plus.
links-advice-no-probe-remedy = À la mairie, tapez : sudo systemctl restart beffroi-agent
links-advice-lossy = La ligne perd beaucoup de données.
links-advice-unsteady = La ligne est instable.
links-advice-line-remedy = La 4G capte-t-elle mal, quelqu’un télécharge-t-il ? Si cela dure, appelez l’opérateur.
links-advice-slow = La ligne est lente.
links-advice-slow-remedy = Avec un satellite, c’est normal. Sinon, quelqu’un télécharge peut-être.
links-cause-other = Cause inconnue
links-cause-interface-taken = Un autre programme occupait l’interface du tunnel
links-cause-no-link = Le câble était débranché, ou le Wi-Fi éteint
links-cause-no-address = La box ne donnait pas d’adresse
links-cause-no-route = Le poste ne trouvait pas la sortie vers internet
links-cause-captive = Le réseau demandait de s’identifier sur une page d’accueil
links-cause-no-names = Aucun nom d’internet n’était trouvé
links-cause-name-unknown = Le nom de la passerelle n’était pas trouvé
links-cause-no-internet = La ligne internet de la mairie était coupée
links-cause-clock-behind = L’horloge du poste retarde : il faut le mettre à l’heure
links-cause-clock-ahead = L’horloge du poste avance : il faut le mettre à l’heure
links-cause-overlap = Un autre réseau de la mairie utilise les adresses de la communauté
links-cause-revoked = Le poste avait été retiré
links-cause-gateway-program-stopped = Le programme de la passerelle était arrêté
links-cause-gateway-stopped = Le service des liaisons de la passerelle était arrêté
links-cause-gateway-unreachable = La passerelle était éteinte ou débranchée
links-cause-udp-blocked = Le réseau de la mairie bloquait l’UDP
links-cause-gateway-silent = La passerelle ne répondait pas, sans qu’on sache pourquoi
links-cause-serves-nobody = Aucune de ces adresses n’est dans le réseau local du poste : corrigez-les
links-cause-cannot-serve = Le poste ne peut laisser entrer personne : à la mairie, tapez beffroi-agent doctor
links-cause-port-hidden = Un autre programme du poste utilise un port dont ces ordinateurs ont besoin
links-cause-no-resolver = Le poste n’a pas d’autre serveur de noms que lui-même : ces ordinateurs n’ont plus internet

links-key-ask = Renouveler la clé
links-key-asked = Le poste est prié de se faire une nouvelle clé. Cela prend une minute s’il est en ligne, et n’interrompt pas la liaison.
links-key-awaited = Une nouvelle clé est demandée : le poste la fera dès qu’il sera en ligne.
links-key-preshared = avec une clé partagée, tirée du bon
links-two-holders = Deux ordinateurs utilisent la clé du poste « { $machine } » : son disque a peut-être été copié. Remplacez ce poste : seul l’ordinateur qui recevra le nouveau bon gardera la liaison.
links-two-holders-short = Deux ordinateurs, une clé

# Le débit, mesuré à la demande.
links-fact-throughput = Débit
links-throughput-never = jamais mesuré
links-throughput-ask = Mesurer le débit
links-throughput-hint = La ligne sera occupée une vingtaine de secondes.
links-throughput-about = À quoi cela sert
links-throughput-figures = Réception { $received }, envoi { $sent }.
links-throughput-reading = Suffisant pour lire les pages et le courrier ; les documents demandent de la patience.
links-throughput-documents = Suffisant pour lire et pour déposer des documents.
links-throughput-everyone = Suffisant pour tout, même à plusieurs.
links-throughput-asked = à la demande de { $who }
links-throughput-asked-there = à la demande de la mairie
links-throughput-taken = La mesure du débit est demandée.
links-throughput-ordered = Mesure demandée : le poste la commence dans le quart de minute, et le résultat s’affiche ici.
links-throughput-measuring = Mesure en cours : la ligne est occupée une vingtaine de secondes.
links-throughput-failed = La dernière mesure n’a pas abouti : la liaison a été coupée, ou le poste n’a pas commencé à temps. Recommencez dans quelques minutes.
links-throughput-earlier = Mesures précédentes du débit, poste « { $machine } »
links-throughput-down = La liaison de ce poste n’est pas en ligne : le débit ne peut pas être mesuré. Recommencez quand elle sera revenue.
links-throughput-no-agent = Cet appareil n’a pas l’agent : le débit ne peut pas être mesuré d’ici.
links-throughput-under-way = Une autre mesure du débit est déjà en cours, et il n’y en a qu’une à la fois. Recommencez dans une minute.
links-throughput-too-soon = Le débit de ce poste vient d’être mesuré. Recommencez dans { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.

# Les autres ordinateurs d’une mairie, qu’un poste laisse entrer.
links-serving-link = Autres ordinateurs
links-serving-title = D’autres ordinateurs de la mairie
links-serving-lead = Le poste « { $machine } » peut laisser d’autres ordinateurs de sa mairie ouvrir l’intranet.
links-serving-as = Pour la passerelle, ils sont tous ce poste : elle ne les distingue pas.
links-serving-who = Qui ce poste laisse-t-il entrer ?
links-serving-none = Personne d’autre
links-serving-these = Ces ordinateurs
links-serving-everyone = Tous les ordinateurs de son réseau local
links-serving-addresses = Adresses de ces ordinateurs
links-serving-hint = Une par ligne. Par exemple : 192.168.1.20, ou 192.168.1.30 à 192.168.1.39 pour une plage.
links-serving-where = Un ordinateur lit la sienne en ouvrant http://{ $address }/.
links-serving-button = Enregistrer
links-serving-saved = C’est enregistré. Le poste les laissera entrer d’ici une minute, s’il est en ligne.
links-serving-ended = C’est enregistré. Le poste ne laissera plus entrer personne d’ici une minute, s’il est en ligne.
links-serving-without-agent = Cet appareil n’a pas notre programme : il ne peut laisser entrer personne.
links-serving-nobody = Écrivez au moins une adresse, ou choisissez « Personne d’autre ».
links-serving-too-many = C’est trop d’adresses. Écrivez des plages, ou choisissez tout le réseau local.
links-serving-no-address = « { $said } » n’est pas une adresse. Écrivez par exemple 192.168.1.20.
links-serving-not-local = { $said } n’est pas une adresse de réseau local : elles commencent par 192.168, 10 ou 172.16 à 172.31.
links-serving-backwards = « { $said } » finit avant d’avoir commencé. Inversez les deux adresses.
links-serving-too-wide = La plage « { $said } » est trop large. Écrivez moins de 256 adresses, ou choisissez tout le réseau local.
links-serving-all = tout son réseau local
links-serving-span = { $first } à { $last }
links-fact-serving = Laisse entrer
links-serving-start = Sur chacun de ces ordinateurs, ouvrez d’abord http://{ $address }/
links-serving-awaited = Le poste ne l’a pas encore confirmé.
