# The frame around every page, and what is said when something cannot be done.

web-skip = Aller au contenu
web-navigation = Navigation
web-sign-out = Se déconnecter
web-help = Une difficulté ? { $help }
web-back-home = Revenir à l’accueil

web-stale = Cette page n’est plus à jour : elle ne parvient plus à joindre la passerelle. Elle essaie encore ; vous pouvez aussi la recharger.

web-refused-title = Ce n’est pas possible
web-not-found-title = Page introuvable
web-forbidden-title = Accès réservé
web-broken-title = Quelque chose n’a pas marché
web-not-found = Cette page n’existe pas, ou n’existe plus.
web-not-allowed = Cette adresse ne s’ouvre pas de cette façon. Revenez à l’accueil et recommencez.
web-too-slow = La demande a mis trop de temps à arriver. Recommencez : rien n’a été changé.
web-broken = Ce n’est pas de votre fait. Recommencez dans un moment ; si cela se répète, donnez le numéro ci-dessous à votre référent.
web-incident = Numéro de l’incident : { $number }
web-other-site = Cette demande vient d’un autre site : elle n’a pas été exécutée. Ouvrez la page ici et recommencez.
web-form-unreadable = Le formulaire est arrivé incomplet. Revenez en arrière et envoyez-le de nouveau.
web-form-too-large = Le formulaire est trop long. Revenez en arrière et raccourcissez-le.

web-day = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }
web-moment = { $day } à { $hour } h { $minute }
web-guide = Aide
