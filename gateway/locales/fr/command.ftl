# Ce que beffroi-gateway dit au terminal.
command-usage =
    Usage : beffroi-gateway [--config FICHIER] [COMMANDE]
    Sans commande, la passerelle est en service jusqu’à son arrêt.

      backup [DOSSIER]                        fait une sauvegarde, la passerelle en marche ou non
      restore [--identity CLÉ] SAUVEGARDE     remet en place une sauvegarde, la passerelle arrêtée
      check                                   vérifie la base de données, la passerelle arrêtée
      invite --csv COMMUNES DOSSIER           un bon de raccordement par commune de la liste
      help                                    affiche cette aide

      --config FICHIER                        configuration (sinon /etc/beffroi/gateway.toml)
      --version                               affiche la version
command-unknown = « { $word } » n’est pas une commande.
command-unexpected = « { $word } » est de trop.
command-missing = Il manque : { $what }.
command-set-up =
    Première mise en service : ouvrez { $address } dans un navigateur de ce serveur
    et tapez le code d’installation : { $code }
command-absent = « { $word } » n’est pas encore dans cette version.
