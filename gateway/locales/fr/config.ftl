# Ce qui ne va pas dans le fichier de configuration : la clé, la valeur, que faire.
config-wrong = La configuration { $path } est à corriger :
config-unreadable = La configuration { $path } ne peut pas être lue : { $cause }. Copiez l’exemple gateway.example.toml à cet endroit et complétez-le.
config-problem-key = { $key } = « { $value } » : { $remedy }
config-problem-missing = { $key } : { $remedy }
config-not-toml = la ligne { $detail } n’est pas écrite comme il faut : « { $value } ». Un texte se met entre guillemets droits, par exemple "Cœur de Caux".
config-section = c’est le titre d’une partie. Écrivez [{ $key }] seul sur une ligne, et les réglages en dessous.
config-unknown-section = cette partie n’existe pas. Vérifiez l’orthographe, ou supprimez-la.
config-unknown-key = ce réglage n’existe pas. Les réglages possibles ici sont : { $detail }.
config-name = indiquez le nom de la communauté de communes, en 200 caractères au plus, par exemple "Cœur de Caux".
config-domain = indiquez le nom de domaine de la communauté, par exemple "coeur-de-caux.fr".
config-time-zone = indiquez un fuseau horaire connu, par exemple "Europe/Paris".
config-help = indiquez qui appeler, sur une ligne de 200 caractères au plus.
config-endpoint = indiquez un nom ou une adresse IP, avec ou sans port, par exemple "passerelle.coeur-de-caux.fr".
config-switch = indiquez true (oui) ou false (non), sans guillemets.
config-port = indiquez un nombre de 1 à 65535, sans guillemets.
config-ipv4 = indiquez un réseau privé d’au moins mille adresses, par exemple "10.66.0.0/16".
config-ipv6 = indiquez un préfixe de longueur 64, par exemple "fd12:3456:789a::/64", ou supprimez la ligne.
config-mtu = indiquez un nombre d’octets de 1280 à 1420, sans guillemets.
config-interface = indiquez un nom de 15 caractères au plus, en lettres et chiffres.
config-open = indiquez un protocole et un numéro de port, entre guillemets, par exemple ["tcp 22"].
config-listen = indiquez une adresse locale du serveur et un port, par exemple "192.168.1.10:8443". Une adresse publique, ou 0.0.0.0, ouvrirait la page d’administration à internet.
config-path = indiquez un chemin complet, qui commence par « / ».
config-user = indiquez le nom d’un utilisateur du système.
config-recipient = indiquez une clé publique « age », qui commence par « age1 », ou laissez vide.
config-keep = indiquez un nombre de 1 à 1000, sans guillemets.
config-minutes = indiquez un nombre de minutes de 1 à 1440, sans guillemets.
config-metrics = indiquez une adresse locale du serveur et un port, par exemple "127.0.0.1:9586", ou laissez vide pour ne rien ouvrir. Une adresse publique montrerait ces chiffres à internet.
