# Ce que beffroi-gateway dit au terminal.
command-usage =
    Usage : beffroi-gateway [--config FICHIER] [COMMANDE]
    Sans commande, la passerelle est en service jusqu’à son arrêt.

      backup [DOSSIER]                        fait une sauvegarde, la passerelle en marche ou non
      restore [--identity CLÉ] SAUVEGARDE     remet en place une sauvegarde, la passerelle arrêtée
      key FICHIER                             fait la clé qui chiffre et ouvre les sauvegardes
      check                                   vérifie la base de données, la passerelle arrêtée
      invite --csv LISTE [--print FICHIER.pdf] [DOSSIER]
                                              crée les bons des communes d’une liste, la passerelle en marche :
                                              feuilles à imprimer, fichiers dans un dossier, sinon à l’écran
      account [NOM]                           donne un code pour choisir un mot de passe de référent ; sans nom,
                                              affiche les comptes
      audit [--csv FICHIER] [EMPREINTE]       vérifie « qui a fait quoi », et l’enregistre comme tableau
      help                                    affiche cette aide

      --config FICHIER                        configuration (sinon /etc/beffroi/gateway.toml)
      --version                               affiche la version
command-unknown = « { $word } » n’est pas une commande.
command-unexpected = « { $word } » est de trop.
command-missing = Il manque : { $what }.
command-set-up =
    Première mise en service : ouvrez { $address } dans un navigateur de ce serveur
    et tapez le code d’installation : { $code }
command-backup-done = La sauvegarde est faite, et a été restaurée pour essai : { $path } ({ $rows } enregistrements).
command-backup-without-key = Elle ne contient pas la clé privée de la passerelle. Pour qu’elle y soit : indiquez « recipient » dans la configuration, redémarrez beffroi-netd et faites la sauvegarde passerelle en marche.
command-backup-failed = La sauvegarde n’a pas pu être faite : { $cause }. Les sauvegardes précédentes sont intactes.
command-check-done = Vérifié : { $tables } tables, { $rows } enregistrements, { $blobs } documents.
command-check-unknown = La table { $table } n’appartient pas à cette version ; elle est laissée comme elle est.
command-check-problem = Défaut : { $problem }.
command-check-failed =
    { $count ->
        [one] Un défaut a été trouvé. Remettez en place la dernière sauvegarde : beffroi-gateway restore.
       *[other] { $count } défauts ont été trouvés. Remettez en place la dernière sauvegarde : beffroi-gateway restore.
    }
command-restore-done = La sauvegarde est remise en place dans { $path }.
command-restore-without-key = La clé privée de la passerelle n’a pas été remise en place : il faut une sauvegarde chiffrée et --identity CLÉ. Sans elle, chaque poste devra être raccordé de nouveau.
command-restore-key-done = La clé privée de la passerelle est remise en place : { $path }. Démarrez beffroi-netd puis beffroi-gateway : les liaisons reviendront d’elles-mêmes.
command-restore-key-failed = La clé privée de la passerelle n’a pas pu être mise dans { $path } : { $cause }. S’il y en a déjà une, elle a été laissée : mettez-la de côté, puis recommencez.
command-restore-not-empty = Rien n’a été fait : le dossier { $cause } n’est pas vide. Mettez-le de côté, puis recommencez.
command-restore-sealed = Rien n’a été fait : cette sauvegarde est chiffrée. Donnez la clé qui ouvre cette sauvegarde : restore --identity CLÉ SAUVEGARDE.
command-restore-not-a-backup = Rien n’a été fait : ce fichier n’est pas une sauvegarde de Beffroi. Choisissez un fichier « beffroi-….tar » ou « beffroi-….tar.age ».
command-restore-newer = Rien n’a été fait : cette sauvegarde vient d’une version plus récente de Beffroi ({ $cause }). Installez la version récente de Beffroi, puis recommencez.
command-restore-damaged = Rien n’a été fait : cette sauvegarde est abîmée ({ $cause }). Prenez la précédente.
command-restore-failed = Rien n’a été fait : { $cause }.
command-identity-unfit = La clé { $path } ne peut pas servir : { $cause }. Une clé est un fichier fait par « beffroi-gateway key ».
command-database-newer = La base de données vient d’une version plus récente de Beffroi ({ $cause }). Installez cette version ; la base est intacte.
command-database-in-use = La base de données est déjà ouverte par une autre passerelle. Arrêtez-la d’abord : systemctl stop beffroi-gateway.service "beffroi-*.socket".
command-database-damaged = La base de données est abîmée ({ $cause }). Elle est laissée comme elle est. Mettez le dossier de côté et remettez en place la dernière sauvegarde : beffroi-gateway restore.
command-database-missing = La base de données manque ({ $cause }). Mettez le dossier de côté et remettez en place la dernière sauvegarde : beffroi-gateway restore.
command-database-absent = Il n’y a pas encore de base de données ({ $cause }).
command-database-unusable = La base de données ne peut pas être ouverte : { $cause }.
command-by = Ligne de commande
command-invite-unreadable = La liste { $path } ne peut pas être lue : { $cause }.
command-invite-failed = Les bons n’ont pas pu être créés : { $cause }.
command-invite-wrong =
    { $count ->
        [one] Rien n’a été fait : une ligne de { $path } est à corriger.
       *[other] Rien n’a été fait : { $count } lignes de { $path } sont à corriger.
    }
command-invite-passed-over = { $commune } a déjà un poste, ou un bon en attente.
command-invite-code =
    { $town_hall } :
      { $code }
command-invite-file = { $town_hall } : { $path }
command-invite-printed = Les feuilles à imprimer sont dans { $path }. Ce fichier est un trousseau de clés : détruisez-le une fois imprimé.
command-print-exists = Rien n’a été fait : { $path } existe déjà. Choisissez un autre nom.
command-print-unwritable = Le fichier { $path } ne peut pas être écrit : { $cause }.
command-invite-unwritable = Le fichier { $path } ne peut pas être écrit : { $cause }. Son code est affiché ci-dessus ; il ne sera plus montré.
command-invite-done =
    { $count ->
        [0] Aucun bon n’a été créé.
        [one] Un bon est créé, valable 14 jours. Son code ne sera plus montré.
       *[other] { $count } bons sont créés, valables 14 jours. Leurs codes ne seront plus montrés.
    }
command-backup-of-a-damaged-store = La base de données a des défauts : cette sauvegarde est gardée sous un nom qui le dit, et aucune sauvegarde sans défaut n’est supprimée pour elle. Arrêtez la passerelle et remettez en place une sauvegarde sans défaut.
command-backup-key-missing = La clé privée de la passerelle manque dans cette sauvegarde : vérifiez que la passerelle et beffroi-netd sont en marche, puis recommencez. Aucune sauvegarde sans défaut n’est supprimée pour elle.
command-key-comment = Cette clé ouvre les sauvegardes de la passerelle. Gardez-la sous clé, hors du serveur.
command-key-done =
    La clé qui ouvre les sauvegardes est dans { $path } : gardez-la sous clé, hors du serveur.
    Dans la configuration, sous [backup], écrivez : recipient = "{ $recipient }"
command-key-failed = La clé n’a pas pu être écrite dans { $path } : { $cause }.
command-stopped = La passerelle n’est pas en service. Démarrez-la, puis recommencez : systemctl start beffroi-gateway.
command-failed = Rien n’a été fait : { $cause }.
command-account-none = Il n’y a pas encore de compte. Le code d’installation est dans le journal : journalctl -u beffroi-gateway.
command-account-names =
    Les comptes :
      { $names }
    Pour qu’un référent choisisse un nouveau mot de passe : beffroi-gateway account NOM
command-account-code =
    Code pour { $name } : { $code }
    Ouvrez { $address } dans un navigateur de ce serveur, ou la même page sur un poste de référent,
    et choisissez un mot de passe. Le code sert une fois, jusqu’au { $until }.
    Les sessions ouvertes de ce compte seront alors fermées.
command-account-new =
    Aucun compte ne s’appelle { $name } : ce code en crée un, de référent.
    Code pour { $name } : { $code }
    Ouvrez { $address } dans un navigateur de ce serveur, ou la même page sur un poste de référent.
    Le code sert une fois, jusqu’au { $until }.
command-account-not-a-name = Ce n’est pas un nom. Écrivez un prénom et un nom, 80 caractères au plus.
command-audit-table = Le tableau est enregistré : { $path }
command-audit-unwritable = Le fichier { $path } ne peut pas être écrit : { $cause }.
command-audit-last = Actes gardés : { $count }. Le dernier porte le nº { $number } et l’empreinte { $fingerprint }
