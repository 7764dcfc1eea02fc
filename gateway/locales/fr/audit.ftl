# Qui a fait quoi : un verbe par acte, que la page fait suivre de la commune et du poste.
audit-commune-added = a ajouté la commune
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
