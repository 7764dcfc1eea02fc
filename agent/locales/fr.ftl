## Fichier de configuration

config-unreadable = Le fichier { $path } ne peut pas être lu : { $reason }.
config-wrong = Le fichier de configuration { $path } contient une erreur.
config-syntax = Ligne { $number } « { $line } » : ce n’est pas du TOML. Chaque ligne s’écrit clé = "valeur", avec les guillemets.
config-unknown-key = La clé « { $key } » n’existe pas. Les clés possibles sont : interface, state, socket, hosts, check, update_key, update_programs, update_hours, update_rate, update_trial.
config-key = { $key } = { $value } : { $remedy }
config-remedy-text = il faut un texte entre guillemets.
config-remedy-path = il faut un chemin complet, qui commence par « / ».
config-remedy-check = il faut une adresse qui commence par « http:// », ou "" pour n’en interroger aucune.
config-remedy-release-key = il faut la clé publique des versions, telle que la donne qui les signe, ou "" pour n’en accepter aucune.
config-remedy-hours = il faut des heures comme « 12:30-13:30, 20:00-7:00 », ou « always » pour toute heure.
config-remedy-number = il faut un nombre entier à partir de 1, entre guillemets.
config-remedy-interface = il faut un nom d’interface de 1 à 15 caractères, lettres, chiffres, tirets et points.

## Fichier des noms de la machine

hosts-heading = Noms de l’intranet, tenus à jour : ne pas modifier ces lignes

## Ligne de commande

usage =
    beffroi-agent raccorde ce poste à l’intranet de la communauté de communes.

      beffroi-agent join CODE      raccorder ce poste avec le code imprimé sur le bon
      beffroi-agent join FICHIER   le même, avec le fichier bon.beffroi
      beffroi-agent status         dire l’état de la liaison (--json pour un programme)
      beffroi-agent doctor         trouver ce qui ne va pas, et dire que faire (--json aussi) ;
                                   avec --throughput, mesurer aussi le débit de la ligne
      beffroi-agent leave          défaire le raccordement
      beffroi-agent run            tenir la liaison : c’est ce que lance le service

      --config FICHIER   une autre configuration que /etc/beffroi/agent.toml
      --help, --version
usage-command = Il manque une commande : join, status, doctor, leave ou run.
usage-join = Il manque le code du bon de raccordement, ou le nom de son fichier.
usage-config = Il manque le nom du fichier après --config.
usage-unknown = « { $word } » n’est pas compris ici.
only-root = Cette commande change le réseau du poste : il faut être administrateur. Tapez : sudo beffroi-agent { $command } …
broken = Quelque chose ne va pas sur ce poste : { $reason }.
busy = Une autre commande beffroi-agent est en train de travailler. Attendez qu’elle finisse, puis recommencez.

## Fichier d’état

state-unreadable = Le fichier d’état { $path } ne peut pas être lu ({ $reason }). Il appartient à l’administrateur du poste : essayez avec sudo.
state-unwritable = { $path } ne peut pas être écrit ({ $reason }). Vérifiez que vous êtes administrateur et que le disque n’est pas plein.
state-damaged =
    Le fichier d’état { $path } est abîmé : il est coupé ou a été modifié.
    Il a été laissé tel quel. S’il en existe une sauvegarde, remettez-la à sa place.
    Sinon, tapez « beffroi-agent leave », demandez au référent un bon de remplacement pour ce poste et raccordez-le de nouveau : avec ce bon, il retrouvera sa place.
state-newer = Le fichier d’état { $path } vient d’une version plus récente de beffroi-agent (format { $reason }). Installez cette version ; le fichier a été laissé tel quel.

## Le code du bon

code-empty = Aucun code n’a été donné.
code-symbol = Le groupe n° { $number } ({ $text }) contient « { $symbol } », qui n’existe dans aucun code. Comparez ce groupe avec le bon.
code-group = Le groupe n° { $number } ({ $text }) ne correspond pas au bon. Comparez-le, et comparez l’ordre des groupes.
code-incomplete =
    Le code n’est pas entier : { $groups } { $groups ->
        [one] groupe
       *[other] groupes
    } sur { $expected }.
code-too-long = Le code est trop long : { $groups } groupes au lieu de { $expected }.
code-version = Ce bon a été fait pour une version plus récente de beffroi-agent. Mettez ce poste à jour, puis recommencez.
code-mixed = Chaque groupe est juste, mais ils ne viennent pas tous du même bon.

## Raccordement

join-nothing-sent = Rien n’a été envoyé.
join-file = Le fichier { $path } ne peut pas être lu ({ $reason }).
join-resumed = Un raccordement avec ce bon a déjà commencé : il continue.
join-calling = Appel de la passerelle { $gateway }…
join-already =
    Ce poste est déjà raccordé (commune : { $commune }).
    Pour le raccorder autrement, tapez d’abord « beffroi-agent leave ».
join-tunnel = Le tunnel ne peut pas être ouvert sur ce poste : { $reason }.
join-no-address =
    Le nom de la passerelle, { $gateway }, ne mène à aucune adresse.
    Vérifiez que ce poste a accès à internet, puis tapez la même commande : elle continuera.
join-unreachable =
    La passerelle { $gateway } ne répond pas. Adresses essayées : { $tried }.
    Ce qu’il faut vérifier :
    - ce poste a-t-il accès à internet ?
    - le bon est-il encore valable ? S’il a expiré, s’il a déjà servi ou s’il a été annulé, la passerelle se tait : demandez au référent.
    - la box ou un pare-feu bloque-t-il l’UDP vers ce port ?
    Rien n’est perdu : tapez la même commande, elle continuera.
join-refused = La passerelle a refusé : { $message }
join-unconfirmed =
    Ce poste est enregistré, mais la passerelle n’a pas encore répondu à sa propre clé.
    Dans quelques minutes, vérifiez avec : beffroi-agent status
join-hosts-problem = Attention : les noms de l’intranet n’ont pas pu être inscrits dans { $path } ({ $reason }).
join-trust-problem = Attention : { $reason }
join-welcome =
    { "" }
    Ce poste est raccordé.

      Commune :    { $commune }
      Communauté : { $community }

    Lisez ces quatre mots au référent : il doit avoir les mêmes sur son écran.

    { "    " }{ $words }

    S’ils sont différents, dites-le-lui tout de suite et tapez : beffroi-agent leave
    S’ils sont les mêmes, ouvrez https://{ $site }/ dans le navigateur (s’il était ouvert, fermez-le d’abord).

join-online = La liaison est en service.
join-waiting = Le service tourne ; la passerelle ne lui a pas encore répondu. Suivez avec : beffroi-agent status
join-service-stopped = Le service beffroi-agent n’a pas démarré. Voyez : systemctl status beffroi-agent
service-answer = Réponse de systemctl : { $reason }
join-no-service = Pour tenir la liaison, lancez maintenant : beffroi-agent run

## Autorité de certification

trust-not-pem = l’autorité envoyée par la passerelle n’est pas un certificat.
trust-unwritable = { $path } ne peut pas être écrit ou enlevé ({ $reason }).
trust-not-policies = { $path } n’est pas un fichier de règles de Firefox ; il a été laissé tel quel. Firefox avertira en ouvrant l’intranet.
trust-update = update-ca-certificates a échoué ({ $reason }).

## Service

run-privileges = beffroi-agent run doit être lancé par l’administrateur (ou par le service) : il lui faut le droit CAP_NET_ADMIN.
run-running = beffroi-agent tourne déjà sur ce poste. Voyez : beffroi-agent status
service-waiting = En attente de raccordement (beffroi-agent join)
service-status = { $commune } : { $link }

## Départ

leave-done =
    Le raccordement de ce poste est défait.
    Prévenez le référent : il retirera ce poste de la liste.
leave-alone = Ce poste n’était pas raccordé : il n’y avait rien à défaire.
leave-firefox =
    Si Firefox a servi sur ce poste, il garde l’autorité de la communauté dans ses profils. Pour l’y enlever, dans chaque compte :
    Paramètres, Vie privée et sécurité, Certificats, Afficher les certificats, onglet Autorités : choisissez-la, puis Supprimer.
leave-leftovers = Le raccordement est défait, sauf ceci (tapez la même commande pour réessayer) :
leave-interface = l’interface du tunnel est encore là ({ $reason }).
leave-serving = ce poste laisse encore entrer d’autres ordinateurs ({ $reason }).
leave-hosts = les noms de l’intranet sont encore dans { $path } ({ $reason }).
leave-service = le service beffroi-agent tourne encore ({ $reason }).
leave-notes = ce que ce poste avait noté de sa liaison est encore dans { $path } ({ $reason }).
leave-trial = un programme de mise à jour, encore à l’essai, est resté en place ({ $reason }).

## État

status-alone = Ce poste n’est pas raccordé.
status-joining = Le raccordement de ce poste a commencé et n’est pas fini : tapez de nouveau la même commande join.
status-leaving = Ce poste n’est plus raccordé, mais tout n’est pas défait : tapez de nouveau beffroi-agent leave.
status-joined = Ce poste est raccordé.
status-stopped = Ce poste est raccordé, mais sa liaison n’est pas tenue.
status-not-running = Le service beffroi-agent ne tourne pas.
status-advice =
    La passerelle ne répond pas. La liaison revient d’elle-même ; si cela dure, vérifiez que ce poste a accès à internet, puis appelez le référent.
status-commune = Commune
status-community = Communauté
status-words = Quatre mots
status-gateway = Passerelle
status-endpoint = Adresse appelée
status-link = Liaison
status-carrier = Chemin
carrier-tls = de secours, par le port 443 : plus lent
status-last-answer = Dernière réponse
status-round-trip = Aller-retour
status-loss = Pertes
status-jitter = Variation
status-quality = Ligne
status-longest = Plus gros paquet
status-lets-in = Laisse entrer
status-lets-in-all = tout son réseau local
status-lets-in-at = { $hosts } (adresse de ce poste : { $addresses })
status-lets-in-nobody = { $hosts }, mais il ne le peut pas : tapez beffroi-agent doctor
status-span = { $first } à { $last }
status-version = Version
status-milliseconds = { $count } ms
status-percent = { $count } %
status-bytes = { $count } octets
link-never = pas encore de réponse
link-online = en service
link-doubtful = incertaine
link-offline = coupée
ago-seconds = il y a { $count } { $count ->
        [one] seconde
       *[other] secondes
    }
ago-minutes = il y a { $count } { $count ->
        [one] minute
       *[other] minutes
    }
ago-hours = il y a { $count } { $count ->
        [one] heure
       *[other] heures
    }
ago-days = il y a { $count } { $count ->
        [one] jour
       *[other] jours
    }

## Ce qui ne va pas, et que faire

doctor-fine = Tout va bien : la passerelle répond.
doctor-works = La passerelle répond, et la liaison fonctionne.
doctor-others = Autres constats :
doctor-looking = Recherche de ce qui ne va pas…
doctor-measuring = Recherche de ce qui ne va pas, puis mesure du débit : la ligne sera occupée une vingtaine de secondes…

## Débit de la ligne

throughput-measured = Débit : réception { $received }, envoi { $sent }.
throughput-kilobits = { $count } kbit/s
throughput-megabits = { $count } Mbit/s
throughput-reading = C’est suffisant pour lire les pages et le courrier ; les documents demandent de la patience.
throughput-documents = C’est suffisant pour lire et pour déposer des documents.
throughput-everyone = C’est suffisant pour tout, même à plusieurs.
throughput-under-way = Le débit n’a pas été mesuré : une autre mesure est déjà en cours, et il n’y en a qu’une à la fois. Recommencez dans une minute.
throughput-too-soon = Le débit n’a pas été mesuré : il l’a déjà été il y a quelques minutes. Recommencez dans { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
throughput-not-answered = Le débit n’a pas été mesuré : la passerelle ne répond pas. Recommencez quand la liaison sera revenue.
throughput-broken-off = Le débit n’a pas été mesuré : la liaison a été coupée, ou n’avançait plus. Recommencez dans quelques minutes.
throughput-refused = Le débit n’a pas été mesuré : la passerelle refuse. Signalez-le au référent.

finding-service-stopped = Le service beffroi-agent ne tourne pas : personne ne tient la liaison.
remedy-service-stopped = Tapez : sudo systemctl restart beffroi-agent
finding-interface-taken = Un autre programme de ce poste occupe l’interface du tunnel.
remedy-interface-taken = Fermez l’autre programme, ou choisissez un autre nom dans /etc/beffroi/agent.toml (clé interface), puis tapez : sudo systemctl restart beffroi-agent
finding-no-link = Ce poste n’est branché à aucun réseau.
remedy-no-link = Vérifiez que le câble est enfoncé des deux côtés, ou que le Wi-Fi est allumé.
finding-no-address = Ce poste est branché, mais la box ne lui a pas donné d’adresse.
finding-no-route = Ce poste est branché, mais il ne trouve pas la sortie vers internet.
remedy-box = Éteignez la box, attendez dix secondes et rallumez-la. Si rien ne change au bout de cinq minutes, appelez le référent.
finding-captive = Ce réseau demande de s’identifier sur une page d’accueil avant de laisser passer quoi que ce soit.
finding-captive-named = Ce réseau demande de s’identifier sur sa page d’accueil ({ $about }) avant de laisser passer quoi que ce soit.
remedy-captive = Ouvrez le navigateur : la page doit apparaître. Sinon, demandez un accès sans page d’accueil à qui gère ce réseau.
finding-no-names = Ce poste est branché, mais plus aucun nom d’internet n’est trouvé.
finding-name-unknown = Le nom de la passerelle, { $about }, n’est pas trouvé.
remedy-name-unknown = Si ce poste a accès à internet par ailleurs, appelez le référent : le nom de la passerelle a changé ou n’est plus tenu.
finding-no-internet = Ce poste est branché, mais internet ne répond pas.
remedy-no-internet = La ligne est coupée ou la box ne fonctionne plus. Éteignez la box, attendez dix secondes et rallumez-la ; sinon, appelez l’opérateur.
finding-clock-behind = L’horloge de ce poste retarde de { $time }.
finding-clock-ahead = L’horloge de ce poste avance de { $time }.
remedy-clock = Mettez ce poste à l’heure. S’il la perd à chaque arrêt, sa pile est à changer.
finding-overlap = L’interface « { $about } » ({ $network }) utilise les adresses du réseau de la communauté.
remedy-overlap = Débranchez cet autre réseau ou cet autre VPN, ou appelez le référent.
finding-revoked = Ce poste a été retiré du réseau par un référent.
remedy-revoked = S’il doit revenir, demandez au référent un bon de remplacement.
finding-gateway-program-stopped = Le tunnel est ouvert, mais l’intranet ne répond pas au bout : le service de la communauté est arrêté.
finding-gateway-stopped = La passerelle { $about } est allumée, mais son service est arrêté.
finding-gateway-unreachable = La passerelle { $about } est éteinte ou débranchée.
remedy-gateway = Il n’y a rien à faire ici. Appelez le référent si cela dure.
finding-udp-blocked = Ce réseau laisse passer le web, mais pas la liaison : il bloque l’UDP vers { $about }.
remedy-udp-blocked = Demandez à qui gère ce réseau ou cette box d’ouvrir l’UDP vers cette adresse, ou appelez le référent.
finding-gateway-silent = La passerelle { $about } ne répond pas, alors que ce poste a accès au réseau : elle est arrêtée, ou ce poste a été retiré.
remedy-gateway-silent = Appelez le référent : il voit sur sa page lequel des deux c’est.
finding-lossy = La ligne perd beaucoup de données : les pages arrivent par à-coups.
finding-unsteady = La ligne est instable : les réponses arrivent tantôt vite, tantôt lentement.
remedy-line = Vérifiez si quelqu’un télécharge. En Wi-Fi ou en 4G, rapprochez le poste ou la box d’une fenêtre. Si cela dure, appelez l’opérateur.
finding-narrow = La ligne perd les gros paquets : la liaison n’en envoie pas de plus de { $about } octets.
remedy-narrow = Si les pages s’ouvrent, il n’y a rien à faire : la liaison s’est adaptée. Sinon, débranchez la box une minute ; si cela dure, dites à l’opérateur que la ligne perd les gros paquets.
finding-slow = La ligne est lente : chaque page se fait attendre.
remedy-slow = Avec un satellite, c’est normal. Sinon, vérifiez si quelqu’un télécharge.
finding-serves-nobody = Ce poste doit laisser entrer d’autres ordinateurs, mais aucun des ordinateurs choisis ne peut être dans son réseau local.
remedy-serves-nobody = L’adresse de la box a peut-être changé. Appelez le référent : il corrige les adresses sur sa page.
finding-cannot-serve = Ce poste doit laisser entrer d’autres ordinateurs, mais il ne le peut pas ({ $about }).
remedy-cannot-serve = Vérifiez que le programme nft est installé (sudo apt install nftables), puis tapez : sudo systemctl restart beffroi-agent
finding-port-hidden = Un autre programme de ce poste répond au port { $about } : les ordinateurs que ce poste laisse entrer ne l’atteignent plus.
remedy-port-hidden = S’ils n’en ont pas besoin, il n’y a rien à faire. Sinon, changez le port de cet autre programme.
finding-no-resolver = Ce poste ne connaît pas d’autre serveur de noms que lui-même : les ordinateurs qu’il laisse entrer n’ont plus internet.
remedy-no-resolver = Dans les réglages réseau de ce poste, inscrivez l’adresse de la box comme serveur de noms (DNS).
finding-other = La liaison ne fonctionne pas.
time-minutes = { $count } { $count ->
        [one] minute
       *[other] minutes
    }
time-hours = { $count } { $count ->
        [one] heure
       *[other] heures
    }
time-days = { $count } { $count ->
        [one] jour
       *[other] jours
    }
quality-good = bonne
quality-slow = lente
quality-unsteady = instable
quality-lossy = irrégulière

## La page pour les ordinateurs que ce poste laisse entrer

page-title = Ouvrir l’intranet sur cet ordinateur
page-title-unknown = Cet ordinateur n’est pas encore admis
page-unknown = Son adresse est { $address }. Donnez-la au référent de la communauté : il l’ajoute sur sa page. Puis rechargez cette page.
page-certificate-title = Installez le certificat
page-certificate = Il permet au navigateur de reconnaître l’intranet. Une seule fois suffit.
page-certificate-button = Télécharger le certificat
page-certificate-windows = Windows : ouvrez le fichier, puis « Installer un certificat », « Ordinateur local », « Placer tous les certificats dans le magasin suivant » et choisissez « Autorités de certification racines de confiance ».
page-certificate-other = macOS : ouvrez le fichier ; dans « Trousseaux d’accès », choisissez pour ce certificat « Toujours approuver ».
page-names-title = Indiquez le serveur de noms
page-names = Serveur DNS préféré : { $address }. Serveur DNS auxiliaire : l’adresse de votre box.
page-names-windows = Windows : Paramètres, Réseau et Internet, Ethernet (ou Wi-Fi), Attribution du serveur DNS, Modifier, Manuel, IPv4.
page-names-macos = macOS : Réglages, Réseau, Détails, DNS.
page-open-title = Ouvrez l’intranet
page-open = Gardez cette adresse dans vos favoris :

## Pourquoi le système a refusé

reason-not-found = il n’existe pas
reason-permission = l’accès est refusé
reason-full = le disque est plein
reason-read-only = le disque est en lecture seule
reason-not-text = ce n’est pas du texte
tunnel-not-ours =
    l’interface « { $interface } » existe déjà et n’est pas à beffroi-agent (sur le serveur de la passerelle, c’est la sienne).
    Elle a été laissée telle quelle. Si elle ne sert à personne, tapez « sudo ip link delete { $interface } » ;
    sinon, choisissez un autre nom dans /etc/beffroi/agent.toml (clé interface)
