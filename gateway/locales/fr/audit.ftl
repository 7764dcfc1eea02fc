# Qui a fait quoi : un verbe par acte, que la page fait suivre de la commune et du poste.
audit-commune-added = a ajouté la commune
audit-commune-removed = a supprimé la commune
audit-commune-renamed = a renommé la commune
audit-invitation-created = a créé un bon de raccordement
audit-invitation-cancelled = a annulé un bon de raccordement
audit-machine-enrolled = a raccordé le poste
audit-machine-replaced = a remplacé le poste
audit-machine-renamed = a renommé le poste
audit-machine-revoked = a retiré le poste
audit-role-given = a ouvert l’administration au poste
audit-role-taken = a fermé l’administration au poste
audit-notice-published = a publié l’annonce
audit-notice-withdrawn = a retiré l’annonce
audit-account-created = a créé le compte
audit-password-changed = a changé de mot de passe
audit-signed-in = a ouvert sa session
audit-signed-out = a fermé sa session
audit-backup-made = a fait une sauvegarde
audit-hours-changed = a changé les horaires d’ouverture de la commune
audit-carrier-opened = a ouvert le chemin de secours
audit-carrier-closed = a fermé le chemin de secours
audit-backup-restored = a remis en place une sauvegarde
audit-code-given = a donné un code pour le compte
audit-key-change-asked = a demandé une nouvelle clé pour un poste
audit-key-changed = a une nouvelle clé
audit-gateway-key-prepared = a préparé une nouvelle clé de la passerelle
audit-gateway-key-given-up = a renoncé à la nouvelle clé de la passerelle
audit-gateway-key-changed = a changé la clé de la passerelle
audit-others-let-in = laisse entrer d’autres ordinateurs par le poste
audit-others-shut-out = ne laisse plus entrer d’autres ordinateurs par le poste

# Les colonnes du tableau.
audit-column-number = Nº
audit-column-when = Quand
audit-column-who = Qui
audit-column-what = A fait
audit-column-commune = Commune
audit-column-machine = Poste
audit-column-detail = Précision
audit-column-fingerprint = Empreinte

# Ce que la vérification a trouvé.
audit-sound = Rien n’a été modifié ni retiré.
audit-broken = { $count ->
    [one] La suite des actes a été modifiée, à un endroit.
   *[other] La suite des actes a été modifiée, à { $count } endroits.
}
audit-fault-missing = Il manque { $count ->
    [one] l’acte nº { $from }.
   *[other] les actes nº { $from } à { $to }.
}
audit-fault-altered = L’acte nº { $number } n’est pas celui qui a été écrit, ou ceux d’avant ne le sont pas.
audit-noted = Cette empreinte est celle de l’acte nº { $number } : rien n’a été retiré ni modifié jusque-là.
audit-not-noted = Aucun acte n’a cette empreinte. Si elle a été notée ici il y a moins de douze mois, des actes ont été retirés ou modifiés depuis.
audit-not-a-fingerprint = Une empreinte se compose de huit groupes de quatre chiffres ou lettres de a à f. Recopiez-la en entier.
audit-update-offered = a proposé la mise à jour
audit-update-hurried = a avancé la mise à jour d’une étape
audit-update-stopped = a arrêté la mise à jour
audit-update-kept = a mis à jour le poste
audit-update-failed = n’a pas pu mettre à jour le poste
audit-release-uploaded = a déposé une version du programme des postes
audit-throughput-asked = a demandé une mesure du débit d’un poste
audit-person-added = a ajouté une personne à l’annuaire
audit-person-changed = a changé les coordonnées d’une personne
audit-person-erased = a effacé une personne de l’annuaire
audit-mandate-given = a ajouté une fonction
audit-mandate-changed = a changé une fonction
audit-mandate-removed = a retiré une fonction
audit-group-added = a créé le groupe
audit-group-changed = a changé le groupe
audit-group-removed = a supprimé le groupe
audit-details-changed = a changé la fiche de la commune
audit-list-applied = a appliqué une liste à l’annuaire
