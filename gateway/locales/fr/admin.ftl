# La page d’administration : le premier compte, la connexion, qui a fait quoi.

admin-name = Administration du réseau
admin-entry-links = Liaisons
admin-entry-invitations = Bons de raccordement
admin-entry-notice = Annonce
admin-entry-people = Annuaire
admin-entry-updates = Mises à jour
admin-entry-acts = Qui a fait quoi
admin-entry-settings = Réglages

admin-not-a-referents-machine = Ce poste n’est pas celui d’un référent : la page d’administration ne s’y ouvre pas. Si ce poste doit servir à un référent, un autre référent peut l’autoriser.

admin-set-up = Mise en service
admin-set-up-lead = Créez le compte du premier référent. Il pourra raccorder les mairies et veiller sur leurs liaisons.
admin-label-code = Code d’installation
admin-hint-code = Quatre groupes de quatre signes, affichés par la passerelle à son premier démarrage. Majuscules, espaces et tirets sont indifférents.
admin-label-name = Prénom et nom
admin-hint-name = C’est avec ce nom que vous vous connecterez.
admin-label-password = Mot de passe
admin-label-new-password = Nouveau mot de passe
admin-hint-password = 12 caractères au moins. Quatre ou cinq mots sans rapport entre eux font un bon mot de passe, facile à retenir.
admin-label-again = Le même, une seconde fois
admin-show-password = Afficher le mot de passe
admin-show-passwords = Afficher les mots de passe
admin-button-set-up = Créer le compte
admin-welcome = Votre compte est créé. Bienvenue !
admin-no-name = Écrivez votre prénom et votre nom.
admin-long-name = Ce nom est trop long : 80 caractères au plus.
admin-short-password = Ce mot de passe est trop court : il faut 12 caractères au moins.
admin-long-password = Ce mot de passe est trop long : 200 caractères au plus.
admin-common-password = Ce mot de passe serait vite deviné : il tient à des mots que tout le monde essaie, ou à votre nom. Choisissez-en un autre.
admin-passwords-differ = Les deux mots de passe ne sont pas les mêmes. Tapez-les de nouveau.

admin-with-code = Nouveau mot de passe
admin-with-code-lead = Avec le code donné sur le serveur, choisissez un mot de passe. Vos sessions ouvertes seront fermées.
admin-label-given-code = Code donné sur le serveur
admin-hint-given-code = Quatre groupes de quatre signes, affichés par « beffroi-gateway account ». Majuscules, espaces et tirets sont indifférents.
admin-button-with-code = Choisir ce mot de passe
admin-back-to-sign-in = Revenir à la connexion
admin-with-a-code = avec un code donné sur le serveur
admin-code-of-another = Ce code est celui du compte « { $name } ». Écrivez ce nom, ou demandez un autre code.

admin-sign-in = Connexion
admin-button-sign-in = Se connecter
admin-unrecognised = Le nom ou le mot de passe n’est pas le bon. Vérifiez la touche Majuscule, puis recommencez.
admin-wait = Trop d’essais. Attendez { $seconds ->
    [one] une seconde
   *[other] { $seconds } secondes
}, puis recommencez.
admin-session-over = Votre session était terminée. Connectez-vous de nouveau : ce que vous aviez écrit est gardé.
admin-forgotten = Mot de passe oublié ?
admin-forgotten-how = Sur le serveur, dans un terminal, tapez cette commande suivie de votre nom :
admin-forgotten-then = Un code s’affiche : il permet, une fois, de choisir un nouveau mot de passe.
admin-type-the-code = Taper le code
admin-signed-out = Votre session est fermée.
admin-resume = Reprendre
admin-resume-lead = Votre session est rouverte. Ce que vous aviez écrit n’a pas encore été envoyé.
admin-button-resume = Envoyer maintenant
admin-give-up = Ne pas l’envoyer

admin-account = Mon compte
admin-account-lead = Compte de référent.
admin-change-password = Changer de mot de passe
admin-label-current = Mot de passe actuel
admin-button-change = Changer le mot de passe
admin-password-changed = Le mot de passe est changé. Vos autres sessions sont fermées.

admin-acts = Qui a fait quoi
admin-acts-lead = Tout ce qui a été changé depuis douze mois, du plus récent au plus ancien. Rien ne peut en être retiré ni modifié sans que cela se voie.
admin-acts-save = Enregistrer le tableau
admin-acts-verify = Vérifier
admin-acts-last = Acte nº { $number }, empreinte :
admin-acts-last-hint = Notez-la quelque part : elle permettra de prouver que rien n’a été retiré jusqu’à cet acte.
admin-acts-none = Rien n’a encore été changé.
admin-acts-caption = Actes enregistrés
admin-acts-when = Quand
admin-acts-who = Qui
admin-acts-what = A fait
admin-acts-about = Quoi
admin-acts-older = Plus anciens
admin-acts-latest = Les plus récents

admin-guide = Guide du référent
admin-guide-contents = Sommaire

admin-settings = Réglages
admin-settings-lead = Ce qui est ouvert sur internet en plus du port des liaisons, et la clé de la passerelle.
admin-carrier = Le chemin de secours
admin-carrier-open = Ouvert
admin-carrier-closed = Fermé
admin-carrier-by = par { $who }, { $when }
admin-carrier-what = Certains réseaux ne laissent passer que les sites web : une école, un hôtel, un partage de connexion. La liaison d’une mairie n’y passe pas. Avec le chemin de secours, elle emprunte le port 443, celui des sites web : plus lentement, mais aussi bien protégée.
admin-carrier-how = Les postes n’ont rien à régler. Ils l’essaient d’eux-mêmes quand le chemin habituel ne répond pas, et le quittent dès qu’il répond de nouveau. La page des liaisons dit quels postes l’empruntent.
admin-carrier-box-title = Sur la box ou le routeur :
admin-carrier-box = faites suivre le port 443, en TCP, vers ce serveur, de la même façon que le port des liaisons, en UDP. Sans cela, le chemin de secours ne sert à rien.
admin-carrier-strangers = Un inconnu qui s’y présente ne trouve qu’une page vide.
admin-carrier-do-open = Ouvrir le chemin de secours
admin-carrier-close = Fermer le chemin de secours
admin-carrier-is-open = Le chemin de secours est ouvert.
admin-carrier-is-closed = Le chemin de secours est fermé. Les mairies qui l’empruntaient sont coupées.
admin-carrier-later = C’est enregistré, mais le service des liaisons ne répond pas : ce sera fait dès qu’il répondra.

# La clé de la passerelle.
admin-key = La clé de la passerelle
admin-key-short = Chaque poste reconnaît la passerelle à sa clé. On peut en changer sans se déplacer.
admin-key-link = Voir la clé de la passerelle
admin-key-under-way = Changement en cours
admin-key-lead = Chaque poste reconnaît la passerelle à cette clé. On peut en changer sans se déplacer : les liaisons ne s’interrompent que quelques secondes.
admin-key-when = Changez-la si quelqu’un a pu copier l’ancienne : un serveur volé ou parti en réparation, une sauvegarde égarée avec ce qui l’ouvre. Sinon, rien n’y oblige.
admin-key-step-prepare = Vous préparez une nouvelle clé. La passerelle l’annonce à tous les postes.
admin-key-step-wait = Vous attendez que tous la connaissent. Rien ne change pour eux.
admin-key-step-change = Vous changez de clé.
admin-key-prepare = Préparer une nouvelle clé
admin-key-by = par { $who }, { $when }
admin-key-present = Clé actuelle :

admin-key-prepared = Une nouvelle clé est préparée
admin-key-making = Elle sera faite dès que le service des liaisons répondra.
admin-key-known = { $all ->
    [0] Aucun poste n’est encore raccordé.
    [one] { $ready ->
        [0] Le poste raccordé ne la connaît pas encore.
       *[other] Le poste raccordé la connaît.
    }
   *[other] { $ready ->
        [0] Aucun des { $all } postes ne la connaît encore.
        [one] Un poste sur { $all } la connaît.
       *[other] { $ready } postes sur { $all } la connaissent.
    }
}
admin-key-waiting = Ne la connaissent pas encore
admin-key-waiting-how = Un poste allumé l’apprend en une minute. Un poste éteint l’apprend quand on l’allume : laissez-lui le temps.
admin-key-devices = Appareils sans agent
admin-key-devices-before = On ne peut rien leur annoncer. Après le changement, ils seront coupés tant que leur configuration n’est pas refaite :
admin-key-devices-after = Leur configuration est à refaire. Sur un ordinateur, ouvrez le programme WireGuard et mettez la clé ci-dessus à la place de l’ancienne, à la ligne PublicKey. Pour un téléphone, retirez l’appareil puis ajoutez-le de nouveau.
admin-key-sheets = Bons de raccordement
admin-key-sheets-before = Ces bons portent la clé actuelle et servent jusqu’au changement, qui les annule. Il faudra en imprimer d’autres :
admin-key-sheets-after = Le changement les a annulés : jetez les feuilles et imprimez-en d’autres.
admin-key-sheet-again = Faire un nouveau bon
admin-key-change = Changer de clé
admin-key-change-all = Tous les postes sont prêts. Les liaisons reviennent d’elles-mêmes en quelques secondes.
admin-key-change-some = Mieux vaut attendre. Un poste qui ne connaît pas la nouvelle clé ne revient pas de lui-même : il lui faut un nouveau bon.
admin-key-anyway = { $count ->
    [one] Changer quand même, sans attendre ce poste
   *[other] Changer quand même, sans attendre ces { $count } postes
}
admin-key-give-up = Renoncer à la nouvelle clé
admin-key-unaware = { $count ->
    [one] Un poste ne connaît pas la nouvelle clé. Attendez-le, ou cochez la case pour changer quand même.
   *[other] { $count } postes ne connaissent pas la nouvelle clé. Attendez-les, ou cochez la case pour changer quand même.
}
admin-key-another = La clé préparée n’est plus celle que montrait la page. Regardez de nouveau, puis recommencez.
admin-key-too-late = Le changement est déjà demandé : on ne peut plus y renoncer.
admin-key-left-behind = { $count ->
    [one] sans attendre un poste qui ne la connaissait pas
   *[other] sans attendre { $count } postes qui ne la connaissaient pas
}

admin-key-ordered = Le changement est demandé
admin-key-ordered-how = Il se fera dès que le service des liaisons répondra.

admin-key-done = La clé a été changée
admin-key-back = { $all ->
    [0] Aucun poste n’était raccordé.
    [one] { $ready ->
        [0] Le poste raccordé n’est pas encore revenu.
       *[other] Le poste raccordé est revenu.
    }
   *[other] { $ready ->
        [0] Aucun des { $all } postes n’est encore revenu.
        [one] Un poste sur { $all } est revenu.
       *[other] { $ready } postes sur { $all } sont revenus.
    }
}
admin-key-away = Ne sont pas encore revenus
admin-key-comes-back = Reviendra de lui-même
admin-key-needs-sheet = Faire un bon de remplacement
admin-key-backup = Faites une sauvegarde maintenant, et ne gardez pas celles d’avant la préparation : remises en place, elles ne ramèneraient pas les liaisons.
admin-key-again = Préparer encore une nouvelle clé

admin-key-commune = Commune
admin-key-machine = Poste
admin-key-heard = Vu
admin-key-to-do = À faire
admin-key-unheard = pas depuis le démarrage de la passerelle

admin-key-is-prepared = La nouvelle clé est prête : les postes l’apprennent.
admin-key-is-given-up = La nouvelle clé est oubliée. Rien n’a changé.
admin-key-is-changed = La clé est changée. Les postes reviennent.
admin-key-later = C’est enregistré, mais le service des liaisons ne répond pas : ce sera fait dès qu’il répondra.
