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
updates-stage-kept = à jour
updates-stage-rolled-back = la liaison n’est pas revenue : version d’avant reprise
updates-stage-refused = refusée par le poste
updates-gateway = La passerelle

updates-offered = La version est proposée à un premier poste. Il l’installera à une heure calme.
updates-stopped = La mise à jour est arrêtée.
updates-hurried = L’étape suivante a commencé.
