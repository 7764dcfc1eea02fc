# Les mises à jour du programme des postes.

updates-title = Mises à jour
updates-lead = Le programme qui tient les liaisons se met à jour tout seul, poste après poste, aux heures calmes. Un poste dont la liaison ne revient pas reprend de lui-même la version d’avant.
updates-no-key = Cette passerelle n’a pas de clé de signature : elle ne propose aucune mise à jour. Les postes se mettent à jour avec leur paquet.
updates-none = Il n’y a pas de nouvelle version sur ce serveur.
updates-next = La version { $version } est prête
updates-next-text = Elle est d’abord proposée à un seul poste, celui d’un référent s’il y en a un. Le lendemain, à un poste sur dix ; le surlendemain, à tous. Au premier échec, tout s’arrête.
updates-again = Reprendre la version { $version }
updates-again-text = Elle a été arrêtée à l’étape ci-dessous, et peut y reprendre. Un poste qui est revenu à la version d’avant ne l’essaie pas une deuxième fois.
updates-go-on = Reprendre
updates-offer = Proposer cette version
updates-version = Version { $version }
updates-wave = Étape { $number } sur 3 :
updates-wave-first = un seul poste.
updates-wave-tenth = un poste sur dix.
updates-wave-rest = tous les postes.
updates-since = Proposée le { $when }
updates-kept = { $kept ->
    [0] Aucun poste ne l’a encore, sur { $all }.
    [one] Un poste l’a, sur { $all }.
   *[other] { $kept } postes l’ont, sur { $all }.
}
updates-is-stopped = La mise à jour est arrêtée ({ $who }). Les postes qui l’ont la gardent ; aucun autre ne la reçoit.
updates-is-gone = Le fichier de cette version n’est plus sur ce serveur : les postes qui ne l’ont pas ne peuvent pas la recevoir. Déposez-le de nouveau, ou proposez une version plus récente.
updates-hurry = Passer à l’étape suivante
updates-stop = Arrêter
updates-caption = Les postes
updates-commune = Commune
updates-machine = Poste
updates-stage = Où il en est
updates-when = Dernière nouvelle
updates-stage-later = son tour viendra
updates-stage-offered = proposée
updates-stage-fetching = en cours de réception
updates-stage-ready = reçue, attend une heure calme
updates-stage-installing = en cours d’installation
updates-stage-silent = plus de nouvelles depuis l’installation
updates-stage-without = ne l’a pas
updates-stage-kept = à jour
updates-stage-rolled-back = la liaison n’est pas revenue : version d’avant reprise
updates-stage-refused = refusée par le poste
updates-stage-unfit = ne lui convient pas (ordinateur d’une autre sorte)
updates-gateway = La passerelle

updates-upload = Déposer une version
updates-upload-text = Une nouvelle version arrive d’habitude avec le paquet de la passerelle. Si l’on vous a donné un fichier à la place, déposez-le ici : il n’est gardé que s’il est signé. Sur une ligne lente, laissez la page ouverte jusqu’à la fin.
updates-file = Fichier, dont le nom finit par « .release »
updates-upload-button = Déposer
updates-uploaded = La version { $version } est sur ce serveur. Rien ne change tant qu’elle n’est pas proposée.
updates-known = La version { $version } était déjà sur ce serveur : rien n’a changé.
updates-no-file = Choisissez d’abord le fichier, puis cliquez sur « Déposer ».
updates-not-a-release = Ce fichier n’est pas une version du programme des postes. Choisissez celui qu’on vous a donné, dont le nom finit par « .release ».
updates-forged = Cette version n’est pas signée par la personne dont vos postes suivent les versions : elle n’est pas gardée. Demandez le bon fichier à la personne qui fournit le programme.
updates-architecture = Cette version est faite pour des ordinateurs d’une autre sorte ({ $found }). Demandez celle pour { $ours }.
updates-older = La version { $version } est plus ancienne que la { $latest }, déjà arrivée ici. Un poste ne revient pas en arrière : déposez une version plus récente.
updates-same-number = Un autre programme est déjà sur ce serveur sous le numéro { $version }. Demandez à la personne qui fournit le programme une version avec un nouveau numéro.
updates-too-long = Ce fichier dépasse { $megabytes } Mo : ce n’est pas une version du programme des postes. Choisissez celui dont le nom finit par « .release ».
updates-cut = L’envoi s’est interrompu, et rien n’est gardé. Déposez le fichier de nouveau.
updates-damaged = Ce fichier est incomplet ou abîmé, et n’est pas gardé. Copiez-le ou téléchargez-le de nouveau, puis déposez-le.
updates-disk-full = Le disque du serveur est plein, et le fichier n’est pas gardé. Faites de la place, puis déposez-le de nouveau.
updates-unwritable = Le serveur n’a pas pu écrire le fichier ; le journal dit pourquoi. Déposez-le de nouveau, et appelez à l’aide si cela se répète.
updates-gone = Cette version n’est plus la dernière de ce serveur. Revenez à la page « Mises à jour » : elle montre celle qui l’est.

updates-offered = La version est proposée à un premier poste. Il l’installera à une heure calme.
updates-stopped = La mise à jour est arrêtée.
updates-hurried = L’étape suivante a commencé.
