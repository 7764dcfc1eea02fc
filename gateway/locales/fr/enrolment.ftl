# Les bons de raccordement : comment un poste entre dans le réseau.

# Ce que lit la personne qui est devant le poste.
enrolment-refused-unknown = La passerelle ne connaît pas ce bon. Demandez-en un nouveau à votre référent.
enrolment-refused-expired = Ce bon a expiré. Demandez-en un nouveau à votre référent.
enrolment-refused-used = Ce bon a déjà servi pour un autre poste. Demandez-en un nouveau à votre référent.
enrolment-refused-revoked = Ce poste a été retiré du réseau. Voyez avec votre référent.
enrolment-refused-cancelled = Ce bon a été annulé. Demandez-en un nouveau à votre référent.
enrolment-refused-name = Le nom du poste est vide ou trop long. Changez-le, puis recommencez.
enrolment-refused-key = Cette clé a déjà servi à un poste. Exécutez « beffroi-agent leave », puis recommencez.
enrolment-refused-full = Le réseau n’a plus d’adresse libre. Prévenez votre référent.
enrolment-refused-broken = La passerelle ne peut pas répondre pour le moment. Recommencez dans quelques minutes.

# Les erreurs d’une liste de communes.
enrolment-list-no-name-column = La première ligne doit nommer les colonnes, et l’une d’elles doit s’appeler « nom ».
enrolment-list-no-name = Il n’y a pas de nom de commune.
enrolment-list-too-long = Le nom est trop long : 80 caractères au plus.
enrolment-list-unprintable = Le nom contient un caractère invisible. Retapez-le.
enrolment-list-several-lines = Un guillemet n’est pas refermé. Retirez-le ou refermez-le.
enrolment-list-not-a-name = Écrivez un seul nom par ligne, sans chiffre, virgule, point-virgule ni tabulation. La première ligne d’un tableau doit nommer ses colonnes.
enrolment-list-seat = La colonne « siege » contient « oui », « non » ou rien.
enrolment-list-repeated = Cette commune est déjà à la ligne { $line }.
enrolment-list-empty = Écrivez au moins un nom de commune.
enrolment-list-wrong = { $count ->
    [one] Une ligne est à corriger ; rien n’a encore été ajouté.
   *[other] { $count } lignes sont à corriger ; rien n’a encore été ajouté.
}
enrolment-list-line = Ligne { $line }, « { $text } » :
enrolment-list-added = { $count ->
    [0] Ces communes étaient déjà toutes là.
    [one] Une commune est ajoutée.
   *[other] { $count } communes sont ajoutées.
}

# La liste des bons.
enrolment-title = Bons de raccordement
enrolment-lead = Un bon raccorde un poste de mairie, une seule fois. Son code n’est montré qu’à sa création.
enrolment-new = Nouveaux bons
enrolment-none = Aucun bon n’a encore été créé.
enrolment-caption = Les derniers bons, du plus récent au plus ancien
enrolment-column-number = Nº
enrolment-column-commune = Commune
enrolment-column-state = État
enrolment-column-made = Créé
enrolment-column-until = Expire
enrolment-column-actions = Agir
enrolment-replaces = remplace le poste « { $machine } »
enrolment-state-open = En attente
enrolment-state-expired = Expiré
enrolment-state-used = Utilisé
enrolment-state-cancelled = Annulé
enrolment-print-one = Imprimer
enrolment-cancel = Annuler
enrolment-cancel-which = le bon { $number }
enrolment-cancelled = Le bon est annulé : sa feuille ne raccorde plus rien.
enrolment-not-open = Ce bon a déjà servi ou a expiré : il n’y a plus rien à annuler.
enrolment-all = Voir tous les bons
enrolment-give-up = Renoncer

# Créer des bons.
enrolment-new-lead = Chaque bon est une feuille à remettre à la mairie. Il est valable 14 jours et ne sert qu’une fois.
enrolment-no-commune = Aucune commune n’est encore connue. Commencez par en donner la liste.
enrolment-without = { $count ->
    [one] Une commune n’a pas de poste
   *[other] { $count } communes n’ont pas de poste
}
enrolment-without-lead = Elles n’ont ni poste raccordé, ni bon en attente.
enrolment-without-make = { $count ->
    [one] Créer son bon
   *[other] Créer les { $count } bons
}
enrolment-choose = Choisir les communes
enrolment-choice-invited = bon en attente
enrolment-choice-machines = { $count ->
    [0] aucun poste
    [one] un poste
   *[other] { $count } postes
}
enrolment-make = Créer les bons cochés
enrolment-nothing-chosen = Cochez au moins une commune.
enrolment-nobody-without = Toutes les communes ont un poste ou un bon en attente.
enrolment-no-gateway-key = Le service des liaisons n’a pas encore répondu : les bons ne peuvent pas être créés. Recommencez dans une minute.

# Remplacer un poste.
enrolment-replace = Remplacer un poste
enrolment-replace-lead = Un autre ordinateur prendra la place du poste « { $machine } », { $town_hall }.
enrolment-replace-kept = Il garde la même adresse et le même nom : rien d’autre n’est à changer.
enrolment-replace-until = L’ancien poste reste raccordé jusqu’à ce que le nouveau prenne sa place.
enrolment-replace-lost = S’il a été perdu ou volé, retirez-le d’abord.
enrolment-replace-make = Créer le bon de remplacement

# Les feuilles.
enrolment-sheets = { $count ->
    [0] Bons de raccordement
    [one] Un bon à remettre
   *[other] { $count } bons à remettre
}
enrolment-sheets-lead = Imprimez maintenant : les codes ne sont montrés que pendant une demi-heure, à vous seul. Une feuille par bon.
enrolment-sheets-gone = { $count ->
    [one] Le code d’un bon n’est plus montré. S’il n’a pas été imprimé, annulez ce bon et créez-en un autre.
   *[other] Les codes de { $count } bons ne sont plus montrés. S’ils n’ont pas été imprimés, annulez ces bons et créez-en d’autres.
}
enrolment-print = Imprimer
enrolment-pdf = Enregistrer en PDF
enrolment-code-gone = Le code de ce bon n’est plus montré. S’il n’a pas été imprimé, annulez ce bon et créez-en un autre.
enrolment-codes-gone = Les codes de ces bons ne sont plus montrés. S’ils n’ont pas été imprimés, annulez ces bons et créez-en d’autres.
enrolment-drawing = Le code ci-dessous, pour un appareil photo
enrolment-sheet-number = Bon de raccordement nº { $number }
enrolment-sheet-new = Pour raccorder un poste de la mairie.
enrolment-sheet-replaces = Pour remplacer le poste « { $machine } ».
enrolment-step-1 = Sur l’ordinateur de la mairie, allumé et relié à internet, ouvrez un terminal.
enrolment-step-2 = Tapez cette commande, suivie du code ou du nom du fichier. Majuscules, espaces et tirets sont indifférents.
enrolment-step-2-command = sudo beffroi-agent join
enrolment-step-3 = Quatre mots s’affichent. Écrivez-les plus bas et lisez-les au référent, par téléphone : les siens doivent être les mêmes.
enrolment-sheet-code = Le code
enrolment-sheet-words = Les quatre mots
enrolment-sheet-until = Valable jusqu’au { $until }, une seule fois. Cette feuille est une clé : ne la laissez pas traîner, et détruisez-la quand le poste est raccordé.
enrolment-sheet-help = En cas de difficulté : { $help }
enrolment-sheet-help-referent = En cas de difficulté, appelez le référent de la communauté de communes.
enrolment-file = Enregistrer ce bon comme fichier ({ $town_hall })
enrolment-file-comment = Bon de raccordement, { $community }, { $town_hall }
    Valable jusqu’au { $until }, une seule fois. Ce fichier est une clé : détruisez-le quand le poste est raccordé.

# Ajouter des communes.
enrolment-add-communes = Ajouter des communes
enrolment-add-lead = Celles qui sont déjà là ne sont pas ajoutées une seconde fois.
enrolment-add-label = Noms des communes
enrolment-add-hint = Un nom par ligne. On peut aussi coller un tableau dont la première ligne nomme les colonnes « nom » et « siege ».
enrolment-add-button = Ajouter

# Supprimer une commune.
enrolment-remove = Supprimer une commune
enrolment-remove-lead = { $commune } n’apparaîtra plus dans la liste. On pourra l’ajouter de nouveau.
enrolment-remove-button = Supprimer la commune
enrolment-remove-back = Revenir à la commune
enrolment-removed = La commune est supprimée.
enrolment-has-history = { $commune } a, ou a eu, un poste, un bon de raccordement ou quelqu’un qui y exerce une fonction : elle reste dans la liste, pour que l’on sache toujours ce qui y a été fait. Si son nom est faux, renommez-la.
