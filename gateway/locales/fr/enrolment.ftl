# Les bons de raccordement : comment un poste entre dans le réseau.

# Ce que lit la personne qui est devant le poste.
enrolment-refused-unknown = La passerelle ne connaît pas ce bon. Demandez-en un nouveau à votre référent.
enrolment-refused-expired = Ce bon a expiré. Demandez-en un nouveau à votre référent.
enrolment-refused-used = Ce bon a déjà servi pour un autre poste. Demandez-en un nouveau à votre référent.
enrolment-refused-revoked = Ce poste a été retiré du réseau. Voyez avec votre référent.
enrolment-refused-cancelled = Ce bon a été annulé. Demandez-en un nouveau à votre référent.
enrolment-refused-name = Le nom du poste est vide ou trop long. Changez-le, puis recommencez.
enrolment-refused-key = Cette clé a déjà servi à un poste. Exécutez « beffroi-agent leave », puis recommencez.
enrolment-refused-full = Le réseau n’a plus d’adresse libre. Prévenez votre référent.
enrolment-refused-broken = La passerelle ne peut pas répondre pour le moment. Recommencez dans quelques minutes.

# Les erreurs d’une liste de communes.
enrolment-list-no-name-column = La première ligne doit nommer les colonnes, et l’une d’elles doit s’appeler « nom ».
enrolment-list-no-name = Il n’y a pas de nom de commune.
enrolment-list-too-long = Le nom est trop long : 80 caractères au plus.
enrolment-list-unprintable = Le nom contient un caractère invisible. Retapez-le.
enrolment-list-several-lines = Un guillemet n’est pas refermé. Retirez-le ou refermez-le.
enrolment-list-seat = La colonne « siege » contient « oui », « non » ou rien.
enrolment-list-repeated = Cette commune est déjà à la ligne { $line }.
